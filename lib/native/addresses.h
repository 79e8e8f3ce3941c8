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
};

// A bound, listening, non-blocking socket. On failure `error` is the errno and `syscall` its name.
UniqueFd OpenListener(const ListenAddress& address, int* error, const char** syscall);

struct SocketName {
  std::string host;  // numeric; the path of a Unix socket, or empty
  int port = 0;
  int family = 0;  // 4, 6, or 1 for a Unix socket
};

// Returns 0 or -errno.
int NameOf(int fd, bool peer, SocketName* name);

}  // namespace landspout

#endif  // LANDSPOUT_ADDRESSES_H_
