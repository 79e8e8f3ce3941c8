// Sockets made and named: a listening socket from an address, and the addresses of a connected one.
#ifndef LANDSPOUT_ADDRESSES_H_
#define LANDSPOUT_ADDRESSES_H_

#include <string>

#include "unique_fd.h"

namespace landspout {

enum class AddressKind : int { kAdopted = 0, kUnix = 1, kIPv4 = 4, kIPv6 = 6 };

struct ListenAddress {
  AddressKind kind;
  std::string host;  // numeric, or a path
  int port;          // or the descriptor to adopt
  int backlog;
  bool reuse_port;
  bool ipv6_only;
  int mode = -1;  // of the file of a Unix socket; -1: as the umask says
};

// A bound, listening, non-blocking socket. On failure `error` is the errno and `syscall` its name.
UniqueFd OpenListener(const ListenAddress& address, int* error, const char** syscall);

struct ConnectAddress {
  AddressKind kind;
  std::string host;         // numeric, or a path
  int port;                 // or the descriptor to adopt, which is duplicated
  std::string source_host;  // empty: any
  int source_port;          // 0: any
};

// A connecting, or with `connecting` false connected, non-blocking stream socket; errors likewise.
UniqueFd OpenConnection(const ConnectAddress& address, bool* connecting, int* error,
                        const char** syscall);

struct SocketName {
  std::string host;  // numeric; the path of a Unix socket, or empty
  int port = 0;
  int family = 0;  // 4, 6, or 1 for a Unix socket
};

// Sends `text` as one datagram to a Unix socket: a path that begins with '/', or with '@' in place
// of the NUL of an abstract name (sd_notify(3)). Does not wait. Returns 0 or the errno:
// EAFNOSUPPORT for another kind of path, ENAMETOOLONG, EINVAL for no text or a NUL in the path,
// EAGAIN if the receiver's queue is full.
int NotifySocket(std::string path, const std::string& text);

// Returns 0 or -errno.
int NameOf(int fd, bool peer, SocketName* name);

}  // namespace landspout

#endif  // LANDSPOUT_ADDRESSES_H_
