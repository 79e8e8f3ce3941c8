// SendQueue: what the kernel has refused so far of one socket's output, in order. Exists only while
// it does. Small pieces are copied together; a large one stays in the JavaScript buffer it came in,
// which is kept alive by a reference and looked up anew each time: JavaScript may have detached it
// meanwhile. A piece of a file is a descriptor of the queue's own and a span.
#ifndef LANDSPOUT_SEND_QUEUE_H_
#define LANDSPOUT_SEND_QUEUE_H_

#include <node_api.h>
#include <sys/uio.h>

#include <cstdint>
#include <deque>

#include "bytes.h"
#include "transport.h"
#include "unique_fd.h"

namespace landspout {

class SendQueue {
 public:
  explicit SendQueue(napi_env env) : env_(env) {}
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;
  ~SendQueue();

  bool empty() const { return pieces_.empty(); }
  uint64_t bytes() const { return bytes_; }

  void Append(const char* bytes, size_t length);
  // `value` is a Uint8Array of `length` bytes, the first `sent` of which have left already.
  void AppendExternal(napi_value value, size_t length, size_t sent);
  // Duplicates `file`, which stays the caller's. 0 or -errno (-EMFILE).
  int AppendFile(int file, uint64_t position, uint64_t length);

  // Sends what the kernel takes, at most about `budget` bytes. Returns 0, -EAGAIN (more is queued
  // and the kernel is full or the budget used up), or another -errno (-ENODATA: a file has become
  // shorter). Needs an open handle scope. `calls` is raised by the system calls made.
  int Send(Transport* transport, int fd, size_t budget, uint32_t* calls);

 private:
  struct Piece {
    Bytes own;
    napi_ref external = nullptr;
    UniqueFd file;
    uint64_t position = 0;  // in the file, of the piece's first byte
    uint64_t offset = 0;    // sent so far
    uint64_t length = 0;

    bool copied() const { return external == nullptr && !file.valid(); }
  };
  static constexpr size_t kMaxVectors = 16;
  static constexpr size_t kCopyTogetherBytes = 64 * 1024;

  ssize_t SendBytes(Transport* transport, int fd, size_t budget, size_t* asked);
  bool Resolve(const Piece& piece, const char** data) const;
  void Sent(size_t bytes);

  napi_env env_;
  std::deque<Piece> pieces_;
  uint64_t bytes_ = 0;
};

}  // namespace landspout

#endif  // LANDSPOUT_SEND_QUEUE_H_
