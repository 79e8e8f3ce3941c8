// Poller: what responses are made of besides plain bytes: pieces, framed payloads, external
// buffers. See poller.h; the commands are outbox.cc's.
#include <algorithm>
#include <cerrno>
#include <charconv>

#include "digest.h"
#include "poller.h"

namespace landspout {

namespace {

template <size_t N>
char* Put(char* at, const char (&text)[N]) {
  std::memcpy(at, text, N - 1);
  return at + N - 1;
}

}  // namespace

// A head from a piece, then what only this response has: its payload, the payload's size and tag.
void Poller::GatherFramed(uint32_t index, const int32_t* command) {
  const uint32_t a = static_cast<uint32_t>(command[COMMAND_A]);
  const uint32_t b = static_cast<uint32_t>(command[COMMAND_B]);
  const uint32_t c = static_cast<uint32_t>(command[COMMAND_C]);
  const bool prepared = command[COMMAND_B] == PAYLOAD_IS_PIECE;
  if (c >= pieces_.size() || (prepared ? a >= pieces_.size() : a > b || b > kOutboxArenaBytes))
    return;
  const char* payload = prepared ? pieces_[a].bytes.data() : shared_.outbox_arena + a;
  const size_t size = prepared ? pieces_[a].bytes.size() : b - a;
  char text[kSha1HexBytes + 64];
  char* end = text;
  if (command[COMMAND_OP] == OP_TAGGED) {
    if (prepared) {
      Piece& piece = pieces_[a];
      if (!piece.tagged) Sha1Hex(payload, size, piece.tag);
      piece.tagged = true;
      std::memcpy(end, piece.tag, kSha1HexBytes);
    } else {
      Sha1Hex(payload, size, end);
    }
    end = Put(end + kSha1HexBytes, "\"\r\nContent-Length: ");
  }
  end = Put(std::to_chars(end, end + 20, size).ptr, "\r\n\r\n");
  Gather(index, pieces_[c].bytes.data(), pieces_[c].bytes.size());
  Gather(index, text, static_cast<size_t>(end - text));
  Gather(index, payload, size);
}

// A large body stays where JavaScript made it: sent from there, in one call with what was gathered
// before it, and kept alive while it waits.
void Poller::QueueExternal(uint32_t index, const int32_t* command) {
  const int32_t which = command[COMMAND_A];
  Slot& slot = slots_.at(index);
  if (slot.shut) return;
  napi_value externals = nullptr;
  napi_value value = nullptr;
  bool typed = false;
  napi_get_reference_value(env_, externals_, &externals);
  if (externals == nullptr || which < 0 ||
      napi_get_element(env_, externals, static_cast<uint32_t>(which), &value) != napi_ok ||
      napi_is_typedarray(env_, value, &typed) != napi_ok || !typed) {
    return Close(index, EFAULT);
  }
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  napi_get_typedarray_info(env_, value, &type, &length, &data, nullptr, nullptr);
  // Given away or shrunk since: what has been promised to the peer cannot be kept.
  const bool whole = static_cast<int32_t>(static_cast<uint32_t>(length)) == command[COMMAND_B];
  if (type != napi_uint8_array || !whole || (data == nullptr && length != 0)) {
    return Close(index, EFAULT);
  }
  if (length == 0) return;
  size_t sent = 0;
  if (slot.queue == nullptr) {
    gathered_.push_back({data, std::min(length, kSendBudget)});
    const ssize_t n =
        TransportSend(slot.transport.get(), slot.fd.get(), gathered_.data(), gathered_.size());
    CountSend(n);
    gathered_.pop_back();
    if (n < 0 && n != -EAGAIN) return Close(index, static_cast<int>(-n));
    if (n > 0) sent = static_cast<size_t>(n);
  }
  sent = KeepUnsent(index, sent);
  if (sent == length) return;
  QueueOf(index).AppendExternal(value, length, sent);
  MarkDirty(index);
  UpdatePending(index);
}

int Poller::SetPiece(uint32_t piece, const char* bytes, size_t length) {
  if (piece >= kMaxPieces) return -ERANGE;
  if (piece >= pieces_.size()) pieces_.resize(piece + 1);
  pieces_[piece].bytes.assign(bytes, length);
  pieces_[piece].tagged = false;
  return 0;
}

}  // namespace landspout
