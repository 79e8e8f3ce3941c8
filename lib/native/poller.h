// Poller: the native half of one IOLoop. It owns an epoll set that libuv watches as one descriptor,
// every slot in it, and the two rings. A turn reads all ready sockets into the inbox, enters
// JavaScript once, and sends what JavaScript left in the outbox.
//
//   poller.cc          the turn, the one call into JavaScript, records, registration
//   poller_handles.cc  uv handles, references, close
//   sockets.cc         reading: recv, HTTP, raw data, end of stream, pacing, interest
//   listeners.cc       listening, accepting, want of descriptors
//   connectors.cc      connecting, adopting, connections that end while they are not read
//   outbox.cc          the commands, grouped by socket: one send a socket a turn
//   outbox_payload.cc  pieces, framed payloads, external buffers
//   outbox_file.cc     files
//   users.cc           descriptors of the user's
//   poller_object.cc   the JavaScript class Poller
#ifndef LANDSPOUT_POLLER_H_
#define LANDSPOUT_POLLER_H_

#include <node_api.h>
#include <sys/epoll.h>
#include <uv.h>

#include <deque>
#include <string>
#include <vector>

#include "digest.h"
#include "inbox.h"
#include "slots.h"

namespace landspout {

struct ListenConfig {
  HttpLimits limits;
  bool http;
};

struct SharedArrays {
  char* inbox_arena;
  int32_t* inbox_ring;
  char* outbox_arena;
  int32_t* outbox_ring;
  int32_t* control;
  double* clock;
  double* last_active;     // by slot: CLOCK_NOW of the last progress
  int32_t* pending_bytes;  // by slot: bytes that the kernel has refused so far
  double* stats;           // LANDSPOUT_STATS
};

class Poller {
 public:
  Poller(napi_env env, uint32_t capacity) : env_(env), slots_(capacity), capacity_(capacity) {}
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  ~Poller();

  // Returns 0 or -errno.
  int Open(napi_value self, napi_value callback, napi_value externals, napi_value keep,
           const SharedArrays& arrays);
  // Closes every descriptor and handle; no record is delivered after it.
  void Close();
  bool closed() const { return closing_; }
  // Called by the wrapper's finalizer: frees this now, or when the last handle is closed.
  void Orphan();

  // The slot, or -errno.
  int64_t Listen(UniqueFd fd, const ListenConfig& config);
  int64_t AddSocket(UniqueFd fd, bool adopted, bool connecting);
  // Two slots that are connected in memory; 0 or -errno. See memory_pair.cc.
  int AddMemoryPair(const ListenConfig& config, uint32_t (&slots)[2]);
  int SetNoDelay(uint32_t slot, uint32_t generation, bool on);
  // Seconds without a byte until the kernel asks whether the peer is there; 0 = it never does. Of a
  // listening socket: of those that it accepts from now on.
  int SetKeepAlive(uint32_t slot, uint32_t generation, int32_t seconds);
  int64_t AddUser(int fd, uint32_t events);
  int UpdateUser(uint32_t slot, uint32_t generation, uint32_t events);
  int RemoveUser(uint32_t slot, uint32_t generation);
  int CloseSlotByNumber(uint32_t slot, uint32_t generation);
  int DescriptorOf(uint32_t slot, uint32_t generation);
  uint32_t GenerationOf(uint32_t slot) {
    return slot < slots_.count() ? slots_.at(slot).generation : 0;
  }
  // Sends all that the outbox holds. Needs a handle scope.
  void Flush();
  int SetPiece(uint32_t piece, const char* bytes, size_t length);
  double StampTime();

 private:
  static constexpr int kMaxEvents = 1024;
  static constexpr uint32_t kAcceptsPerTurn = 128;
  static constexpr uint32_t kMessagesPerRead = 64;
  static constexpr int kRoundsPerWake = 4;
  // Of one socket, a turn: its queue, its files. Fewer cost more: four times as many turns and
  // wakes of the peer's made a download of 16 MiB 1.3 times as dear.
  static constexpr size_t kSendBudget = 2 * 1024 * 1024;
  static constexpr size_t kTurnSendBudget = 4 * 1024 * 1024;  // of all: about 1 ms
  static constexpr size_t kScratchBytes = 256 * 1024;
  static constexpr uint32_t kMaxPieces = 4096;
  static constexpr uint64_t kPaceMs = 8;
  static constexpr double kAcceptPauseMs = 100;
  static constexpr uint8_t kFreeTrickles = 4;
  static constexpr ssize_t kTrickleBytes = 256;  // a read below it is a crumb
  static constexpr ssize_t kPacedBytes = 4096;   // the same for what has gathered in kPaceMs

  struct Late {
    int32_t kind;
    uint32_t slot;
    uint32_t generation;
    int32_t value;
  };
  struct Piece {
    std::string bytes;
    char tag[kSha1HexBytes];  // of bytes, once asked for
    bool tagged = false;
  };
  struct Named {
    uint32_t slot;
    uint32_t generation;
  };
  struct Starved {
    Named listener;
    double until_ms;
  };

  // poller.cc
  template <typename Handle, typename Init>
  Handle* OpenHandle(size_t bytes, Init init);
  void OnHandleClosed();
  void Wake();
  void OnPrepare();
  void Deliver();
  void MoveLate();
  void Emit(int32_t kind, uint32_t slot, uint32_t generation, int32_t value);
  void UpdateRef();
  void EndTurn();
  int Register(uint32_t index, uint32_t events);
  void SetEvents(uint32_t index, uint32_t events);
  int Control(uint32_t index, int operation);
  void Close(uint32_t index, int error);
  void Reset(uint32_t index, int error);
  void Dispatch(const epoll_event& event);
  void MakeRoom(size_t kept);

  // sockets.cc
  void OnReadable(uint32_t index);
  void OnWritable(uint32_t index);
  void Received(uint32_t index, const char* data, size_t length);
  void FeedHttp(uint32_t index, const char* data, size_t length);
  void KeepLeftover(uint32_t index, const char* data, size_t length);
  void OnEndOfStream(uint32_t index);
  void ReleaseParser(Slot& slot);
  void RunReady();
  void MarkReady(uint32_t index);
  void MarkDirty(uint32_t index);
  void ApplyInterests();
  void Pace(uint32_t index);
  void RunPaced();
  void OnPaceTimer();
  void StartPaceTimer();
  void AfterQueueEmpty(uint32_t index);

  // users.cc
  void ForgetUser(int fd);

  // listeners.cc
  void Accept(uint32_t index);
  void ShedOne(int listener);
  void OpenReserve();
  bool WatchListener(uint32_t index, bool on);
  void ResumeListeners();

  // connectors.cc
  void OnConnected(uint32_t index);
  void OnHangUp(uint32_t index);

  // outbox.cc
  void FlushSlot(uint32_t index);
  void Gather(uint32_t index, const char* bytes, size_t length);
  char* ScratchRoom(uint32_t index, size_t length);
  void GatherScratch(uint32_t index, char* at, size_t length);
  void SendGathered(uint32_t index, bool more = false);
  size_t KeepUnsent(uint32_t index, size_t sent);
  void DropGathered() {
    gathered_.clear();
    scratch_used_ = 0;
  }
  void RunOp(uint32_t index, const int32_t* command);
  void GatherFramed(uint32_t index, const int32_t* command);
  void QueueExternal(uint32_t index, const int32_t* command);
  void QueueFile(uint32_t index, const int32_t* command);
  void GatherFile(uint32_t index, int file, uint64_t position, size_t length);
  SendQueue& QueueOf(uint32_t index);
  void UpdatePending(uint32_t index);
  // `result`: bytes or -errno.
  void CountSend(ssize_t result) {
    shared_.stats[STAT_SEND_CALLS]++;
    if (result > 0) shared_.stats[STAT_SENT_BYTES] += static_cast<double>(result);
  }

  napi_env env_;
  napi_ref self_ = nullptr;
  napi_ref callback_ = nullptr;
  napi_ref externals_ = nullptr;
  napi_ref keep_ = nullptr;  // the array buffers behind shared_
  napi_async_context async_ = nullptr;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  SharedArrays shared_ = {};

  UniqueFd epoll_;
  UniqueFd reserve_;  // spent on telling one client so when descriptors run out
  uv_poll_t* poll_ = nullptr;
  uv_prepare_t* prepare_ = nullptr;
  uv_idle_t* idle_ = nullptr;
  uv_timer_t* timer_ = nullptr;
  int open_handles_ = 0;
  bool closing_ = false;
  bool orphan_ = false;
  bool delivering_ = false;
  bool idle_on_ = false;
  uint32_t active_ = 0;  // slots in use: what keeps the process alive
  uint32_t flushing_ = 0;

  Inbox inbox_;
  SlotTable slots_;
  uint32_t capacity_;
  ParserPool parsers_;
  std::deque<ListenConfig> configs_;  // parsers point at their limits: they stay where they are
  std::vector<Late> late_;
  std::vector<Named> ready_;
  std::vector<Named> dirty_;
  std::vector<Named> paced_;      // to be read at the next tick
  std::vector<Named> due_;        // to be read in the next turn
  std::vector<Starved> starved_;  // listeners that wait for descriptors
  std::vector<Named> users_;      // by descriptor: who has registered it
  std::vector<Piece> pieces_;
  std::vector<uint32_t> chain_;    // outbox: next command of the same socket
  std::vector<uint32_t> touched_;  // outbox: sockets of this flush
  std::unique_ptr<char[]> scratch_;
  size_t scratch_used_ = 0;
  size_t file_budget_ = 0;  // bytes of files that the socket at hand may still send in this flush
  size_t turn_budget_ = kTurnSendBudget;  // bytes of queues and files still to leave in this turn
  uint32_t round_ = 0;
  std::vector<iovec> gathered_;
};

}  // namespace landspout

#endif  // LANDSPOUT_POLLER_H_
