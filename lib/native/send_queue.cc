// SendQueue: see send_queue.h. Used by outbox.cc and, on EPOLLOUT, by sockets.cc.
#include "send_queue.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "file_send.h"

namespace landspout {

SendQueue::~SendQueue() {
  for (Piece& piece : pieces_) {
    if (piece.external != nullptr) napi_delete_reference(env_, piece.external);
  }
}

void SendQueue::Append(const char* bytes, size_t length) {
  if (length == 0) return;
  bytes_ += length;
  if (!pieces_.empty()) {
    Piece& last = pieces_.back();
    if (last.copied() && last.own.size() < kCopyTogetherBytes) {
      last.own.Append(bytes, length);
      last.length += length;
      return;
    }
  }
  Piece& piece = pieces_.emplace_back();
  piece.own.Append(bytes, length);
  piece.length = length;
}

void SendQueue::AppendExternal(napi_value value, size_t length, size_t sent) {
  if (sent >= length) return;
  Piece& piece = pieces_.emplace_back();
  if (napi_create_reference(env_, value, 1, &piece.external) != napi_ok) {
    pieces_.pop_back();
    return;
  }
  piece.length = length;
  piece.offset = sent;
  bytes_ += length - sent;
}

int SendQueue::AppendFile(int file, uint64_t position, uint64_t length) {
  UniqueFd own(::fcntl(file, F_DUPFD_CLOEXEC, 0));
  if (!own.valid()) return -errno;
  Piece& piece = pieces_.emplace_back();
  piece.file = std::move(own);
  piece.position = position;
  piece.length = length;
  bytes_ += length;
  return 0;
}

int SendQueue::Send(Transport* transport, int fd, size_t budget, uint32_t* calls) {
  while (!pieces_.empty()) {
    if (budget == 0) return -EAGAIN;
    const Piece& front = pieces_.front();
    size_t asked = 0;
    ssize_t n = 0;
    if (front.file.valid()) {
      asked = std::min<uint64_t>(front.length - front.offset, budget);
      n = SendFile(transport, fd, front.file.get(), front.position + front.offset, asked);
    } else {
      n = SendBytes(transport, fd, budget, &asked);
    }
    ++*calls;
    if (n < 0) return static_cast<int>(n);
    Sent(static_cast<size_t>(n));
    budget -= static_cast<size_t>(n);
    if (static_cast<size_t>(n) < asked) return -EAGAIN;
  }
  return 0;
}

// What lies in memory before the next piece of a file. Bytes taken or -errno.
ssize_t SendQueue::SendBytes(Transport* transport, int fd, size_t budget, size_t* asked) {
  iovec vectors[kMaxVectors];
  size_t count = 0;
  auto piece = pieces_.begin();
  for (; piece != pieces_.end() && !piece->file.valid() && count < kMaxVectors && *asked < budget;
       ++piece) {
    const char* data = nullptr;
    if (!Resolve(*piece, &data)) return -EFAULT;
    vectors[count].iov_base = const_cast<char*>(data + piece->offset);
    vectors[count].iov_len = std::min<uint64_t>(piece->length - piece->offset, budget - *asked);
    *asked += vectors[count].iov_len;
    count++;
  }
  const bool more = piece != pieces_.end() && piece->file.valid() && *asked < budget;
  return TransportSend(transport, fd, vectors, count, more);
}

bool SendQueue::Resolve(const Piece& piece, const char** data) const {
  if (piece.external == nullptr) {
    *data = piece.own.data();
    return true;
  }
  napi_value value = nullptr;
  if (napi_get_reference_value(env_, piece.external, &value) != napi_ok || value == nullptr)
    return false;
  size_t length = 0;
  void* bytes = nullptr;
  napi_typedarray_type type;
  if (napi_get_typedarray_info(env_, value, &type, &length, &bytes, nullptr, nullptr) != napi_ok)
    return false;
  if (bytes == nullptr || length < piece.length) return false;  // detached or shrunk
  *data = static_cast<const char*>(bytes);
  return true;
}

void SendQueue::Sent(size_t bytes) {
  bytes_ -= bytes;
  while (bytes != 0) {
    Piece& piece = pieces_.front();
    const size_t step = std::min<uint64_t>(bytes, piece.length - piece.offset);
    piece.offset += step;
    bytes -= step;
    if (piece.offset != piece.length) return;
    if (piece.external != nullptr) napi_delete_reference(env_, piece.external);
    piece.external = nullptr;
    pieces_.pop_front();
  }
}

}  // namespace landspout
