// Poller: reading sockets, HTTP and raw, and what epoll is asked to watch. See poller.h.
#include <algorithm>

#include "poller.h"

namespace landspout {

// @hot bench/run.mjs: once per readable socket, one recv(2) of at most kReceiveBytes.
void Poller::OnReadable(uint32_t index) {
  const uint32_t generation = slots_.at(index).generation;
  {
    Slot& slot = slots_.at(index);
    MakeRoom(slot.parser == nullptr ? 0 : slot.parser->HeldBytes());
  }
  Slot* slot = slots_.Find(index, generation);
  if (closing_ || slot == nullptr || !slot->Reading() || slot->leftover != nullptr) return;
  char* into = inbox_.Tail();
  const ssize_t n = TransportReceive(slot->transport.get(), slot->fd.get(), into,
                                     slot->raw ? kRawReceiveBytes : kReceiveBytes);
  shared_.stats[STAT_RECV_CALLS]++;
  if (n == -EAGAIN) return;
  if (n < 0) return Close(index, static_cast<int>(-n));
  if (n == 0) return OnEndOfStream(index);
  shared_.stats[STAT_RECEIVED_BYTES] += static_cast<double>(n);
  if (slot->discard) return;
  shared_.last_active[index] = shared_.clock[CLOCK_NOW];
  inbox_.Take(static_cast<size_t>(n));
  Received(index, into, static_cast<size_t>(n));
  // A peer that sends a message in crumbs is read every few milliseconds, not at every crumb.
  slot = slots_.Find(index, generation);
  if (slot == nullptr) return;
  const ssize_t crumb = slot->pacing ? kPacedBytes : kTrickleBytes;
  if (slot->parser == nullptr || n >= crumb) {
    slot->trickles = 0;
    slot->pacing = false;
  } else if (slot->trickles < kFreeTrickles) {
    slot->trickles++;
  } else {
    Pace(index);
  }
}

void Poller::Received(uint32_t index, const char* data, size_t length) {
  Slot& slot = slots_.at(index);
  if (!slot.raw) return FeedHttp(index, data, length);
  int32_t* record = inbox_.Begin(6, KIND_DATA, index, slot.generation);
  record[RECORD_START] = inbox_.OffsetOf(data);
  record[RECORD_END] = record[RECORD_START] + static_cast<int32_t>(length);
}

// @hot bench/run.mjs: once per read.
void Poller::FeedHttp(uint32_t index, const char* data, size_t length) {
  Slot& slot = slots_.at(index);
  if (slot.parser == nullptr) {
    slot.parser = parsers_.Take();
    slot.parser->Begin(&inbox_, &configs_[slot.config].limits, index, slot.generation);
  }
  HttpParser* parser = slot.parser;
  uint32_t budget = kMessagesPerRead;
  const size_t consumed = parser->Feed(data, length, &slot.lead, &budget);
  switch (parser->stop()) {
    case HttpParser::Stop::kNone:
      if (parser->BetweenMessages()) {
        ReleaseParser(slot);
      } else if (parser->AnnouncePartial()) {
        Emit(KIND_PARTIAL, index, slot.generation, 0);
      }
      break;
    case HttpParser::Stop::kBad:
      slot.discard = true;
      Emit(KIND_BAD, index, slot.generation,
           parser->bad() | (parser->MethodIsHead() ? BAD_ON_HEAD : 0));
      ReleaseParser(slot);
      break;
    case HttpParser::Stop::kHeld:
      slot.held = true;
      ReleaseParser(slot);
      KeepLeftover(index, data + consumed, length - consumed);
      MarkDirty(index);
      break;
    case HttpParser::Stop::kLast:
      slot.discard = true;
      ReleaseParser(slot);
      break;
    case HttpParser::Stop::kBudget:
      ReleaseParser(slot);
      KeepLeftover(index, data + consumed, length - consumed);
      break;
  }
}

void Poller::KeepLeftover(uint32_t index, const char* data, size_t length) {
  if (length == 0) return;
  Slot& slot = slots_.at(index);
  slot.leftover = std::make_unique<Bytes>();
  slot.leftover->Append(data, length);
  MarkReady(index);
}

void Poller::OnEndOfStream(uint32_t index) {
  Slot& slot = slots_.at(index);
  slot.eof = true;
  if (slot.linger) return Close(index, 0);
  if (slot.parser != nullptr && !slot.discard) {
    slot.discard = true;
    ReleaseParser(slot);
    Emit(KIND_BAD, index, slot.generation, BAD_TRUNCATED);
  }
  Emit(KIND_EOF, index, slot.generation, 0);
  MarkDirty(index);
}

void Poller::ReleaseParser(Slot& slot) {
  if (slot.parser == nullptr) return;
  parsers_.Give(slot.parser);
  slot.parser = nullptr;
}

void Poller::OnWritable(uint32_t index) {
  Slot& slot = slots_.at(index);
  if (slot.queue == nullptr || turn_budget_ == 0) return;  // epoll tells again at once
  const uint64_t before = slot.queue->bytes();
  const size_t budget = std::min(kSendBudget, turn_budget_);
  uint32_t calls = 0;
  const int result = slot.queue->Send(slot.transport.get(), slot.fd.get(), budget, &calls);
  shared_.stats[STAT_SEND_CALLS] += calls;
  shared_.stats[STAT_SENT_BYTES] += static_cast<double>(before - slot.queue->bytes());
  if (result != 0 && result != -EAGAIN) return Reset(index, -result);
  turn_budget_ -= before - slot.queue->bytes();
  if (slot.queue->bytes() != before) shared_.last_active[index] = shared_.clock[CLOCK_NOW];
  UpdatePending(index);
  if (slot.queue->empty()) {
    slot.queue.reset();
    MarkDirty(index);
    Emit(KIND_DRAINED, index, slot.generation, 0);
    AfterQueueEmpty(index);
  }
}

// Half-closes and closes that waited for the queue.
void Poller::AfterQueueEmpty(uint32_t index) {
  Slot& slot = slots_.at(index);
  if (slot.close_drained) return Close(index, 0);
  if (slot.connecting) return;
  if (slot.shut && !slot.shut_done) {
    slot.shut_done = true;
    TransportShutdownSend(slot.transport.get(), slot.fd.get());
  }
  if (slot.linger && slot.eof) Close(index, 0);
}

void Poller::MarkReady(uint32_t index) {
  Slot& slot = slots_.at(index);
  if (slot.queued_ready) return;
  slot.queued_ready = true;
  ready_.push_back({index, slot.generation});
}

// Input that was read earlier and could not be parsed then.
void Poller::RunReady() {
  if (ready_.empty()) return;
  std::vector<Named> ready;
  ready.swap(ready_);
  for (const Named& named : ready) {
    Slot* slot = slots_.Find(named.slot, named.generation);
    if (slot == nullptr || closing_) continue;
    slot->queued_ready = false;
    if (slot->leftover == nullptr || slot->paused || slot->held) continue;
    MakeRoom(slot->leftover->size());
    slot = slots_.Find(named.slot, named.generation);
    if (closing_ || slot == nullptr || slot->leftover == nullptr || slot->paused || slot->held)
      continue;
    const std::unique_ptr<Bytes> leftover = std::move(slot->leftover);
    const char* data = inbox_.Copy(leftover->data(), leftover->size());
    if (data != nullptr && !slot->discard) Received(named.slot, data, leftover->size());
  }
}

void Poller::MarkDirty(uint32_t index) {
  Slot& slot = slots_.at(index);
  if (slot.queued_dirty) return;
  slot.queued_dirty = true;
  dirty_.push_back({index, slot.generation});
}

// After the turn, when it is known which sockets are still open: most that stop reading are closed
// with it.
void Poller::ApplyInterests() {
  for (size_t i = 0; i < dirty_.size(); i++) {
    const Named named = dirty_[i];
    Slot* slot = slots_.Find(named.slot, named.generation);
    if (slot == nullptr) continue;
    slot->queued_dirty = false;
    if (slot->kind != SlotKind::kSocket) continue;
    uint32_t events = 0;
    if (slot->Reading()) events |= EPOLLIN;
    if (slot->queue != nullptr || slot->connecting) events |= EPOLLOUT;
    SetEvents(named.slot, events);
  }
  dirty_.clear();
}

void Poller::Pace(uint32_t index) {
  Slot& slot = slots_.at(index);
  if (slot.deferred) return;
  slot.deferred = true;
  slot.pacing = true;
  paced_.push_back({index, slot.generation});
  MarkDirty(index);
  StartPaceTimer();
}

// Reads those whose time has come. One that is put off again was never put back into the epoll set.
void Poller::RunPaced() {
  if (due_.empty()) return;
  std::vector<Named> due;
  due.swap(due_);
  for (const Named& named : due) {
    Slot* slot = slots_.Find(named.slot, named.generation);
    if (slot == nullptr || closing_) continue;
    slot->deferred = false;
    MarkDirty(named.slot);
    OnReadable(named.slot);
  }
}

// One timer for all that wait: ticks of kPaceMs as long as somebody does.
void Poller::StartPaceTimer() {
  if (uv_is_active(reinterpret_cast<uv_handle_t*>(timer_))) return;
  uv_timer_start(
      timer_, [](uv_timer_t* h) { static_cast<Poller*>(h->data)->OnPaceTimer(); }, kPaceMs, 0);
}

void Poller::OnPaceTimer() {
  due_.insert(due_.end(), paced_.begin(), paced_.end());
  paced_.clear();
  ResumeListeners();
  if (!starved_.empty()) StartPaceTimer();
  Wake();
}

}  // namespace landspout
