// How bytes of a connected socket cross the kernel. Plain TCP and Unix sockets need no object: a
// slot without a transport calls recv(2), sendmsg(2) and sendfile(2) itself. One that has one (TLS)
// is asked instead, and nothing above this file can tell.
#ifndef LANDSPOUT_TRANSPORT_H_
#define LANDSPOUT_TRANSPORT_H_

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstddef>

namespace landspout {

class Transport {
 public:
  virtual ~Transport() = default;
  // Bytes read, 0 at the end of the stream, -errno otherwise (-EAGAIN: nothing yet).
  virtual ssize_t Receive(int fd, char* into, size_t length) = 0;
  // Bytes taken, -errno otherwise (-EAGAIN: there is no room; the same bytes are offered again,
  // from another address maybe).
  virtual ssize_t Send(int fd, const iovec* pieces, size_t count) = 0;
  // Ends the sending direction.
  virtual int ShutdownSend(int fd) = 0;
  // The slot is about to be closed, and the peer is not to take that for an end in good order.
  virtual void Reset() {}
};

inline ssize_t PlainReceive(int fd, char* into, size_t length) {
  ssize_t n;
  do n = ::recv(fd, into, length, 0);
  while (n < 0 && errno == EINTR);
  return n >= 0 ? n : -errno;
}

// `more`: a file follows at once; the kernel keeps what does not fill a segment for it.
inline ssize_t PlainSend(int fd, const iovec* pieces, size_t count, bool more) {
  const int flags = more ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;
  ssize_t n;
  do {
    if (count == 1) {
      n = ::send(fd, pieces[0].iov_base, pieces[0].iov_len, flags);
    } else {
      msghdr message = {};
      message.msg_iov = const_cast<iovec*>(pieces);
      message.msg_iovlen = count;
      n = ::sendmsg(fd, &message, flags);
    }
  } while (n < 0 && errno == EINTR);
  return n >= 0 ? n : -errno;
}

inline ssize_t TransportReceive(Transport* transport, int fd, char* into, size_t length) {
  return transport == nullptr ? PlainReceive(fd, into, length)
                              : transport->Receive(fd, into, length);
}
inline ssize_t TransportSend(Transport* transport, int fd, const iovec* pieces, size_t count,
                             bool more = false) {
  return transport == nullptr ? PlainSend(fd, pieces, count, more)
                              : transport->Send(fd, pieces, count);
}
inline int TransportShutdownSend(Transport* transport, int fd) {
  return transport == nullptr ? ::shutdown(fd, SHUT_WR) : transport->ShutdownSend(fd);
}

}  // namespace landspout

#endif  // LANDSPOUT_TRANSPORT_H_
