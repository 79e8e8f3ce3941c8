// Bytes of an open file: see file_send.h. Used by outbox_file.cc and send_queue.cc.
#include "file_send.h"

#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace landspout {

namespace {

constexpr size_t kThroughMemoryBytes = 16 * 1024;  // a TLS record holds no more

ssize_t SendThroughMemory(Transport* transport, int fd, int file, uint64_t position,
                          size_t length) {
  char bytes[kThroughMemoryBytes];
  size_t sent = 0;
  while (sent < length) {
    const iovec piece = {bytes, std::min(length - sent, sizeof(bytes))};
    ssize_t n = ReadFile(file, position + sent, bytes, piece.iov_len);
    if (n == 0) n = transport->Send(fd, &piece, 1);
    // What has left is reported first: the error comes back with the next call.
    if (n < 0) return sent > 0 ? static_cast<ssize_t>(sent) : n;
    sent += static_cast<size_t>(n);
    if (static_cast<size_t>(n) < piece.iov_len) break;
  }
  return static_cast<ssize_t>(sent);
}

}  // namespace

int ReadFile(int file, uint64_t position, char* into, size_t length) {
  while (length != 0) {
    const ssize_t n = ::pread(file, into, length, static_cast<off_t>(position));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) return -ENODATA;
    into += n;
    position += static_cast<uint64_t>(n);
    length -= static_cast<size_t>(n);
  }
  return 0;
}

ssize_t SendFile(Transport* transport, int fd, int file, uint64_t position, size_t length) {
  if (transport != nullptr) return SendThroughMemory(transport, fd, file, position, length);
  off_t from = static_cast<off_t>(position);
  ssize_t n;
  do n = ::sendfile(fd, file, &from, length);
  while (n < 0 && errno == EINTR);
  if (n == 0) return -ENODATA;
  return n > 0 ? n : -errno;
}

}  // namespace landspout
