// See addresses.h. Called by addon.cc.
#include "addresses.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace landspout {

namespace {

// The socket address and its length; 0 if the text is no address of that kind.
socklen_t Fill(AddressKind kind, const std::string& host, int port, sockaddr_storage* storage) {
  std::memset(storage, 0, sizeof(*storage));
  const bool is_ip = kind == AddressKind::kIPv4 || kind == AddressKind::kIPv6;
  if (!is_ip && kind != AddressKind::kUnix) return 0;
  if (is_ip && (port < 0 || port > 65535)) return 0;
  if (kind == AddressKind::kIPv4) {
    auto* in = reinterpret_cast<sockaddr_in*>(storage);
    in->sin_family = AF_INET;
    in->sin_port = htons(static_cast<uint16_t>(port));
    return ::inet_pton(AF_INET, host.c_str(), &in->sin_addr) == 1 ? sizeof(*in) : 0;
  }
  if (kind == AddressKind::kIPv6) {
    auto* in6 = reinterpret_cast<sockaddr_in6*>(storage);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(static_cast<uint16_t>(port));
    // "fe80::1%eth0": an address of a link needs the interface that it is reached by.
    const size_t zone = host.find('%');
    if (zone != std::string::npos) {
      in6->sin6_scope_id = ::if_nametoindex(host.c_str() + zone + 1);
      if (in6->sin6_scope_id == 0) return 0;
    }
    const std::string bare = host.substr(0, zone);
    return ::inet_pton(AF_INET6, bare.c_str(), &in6->sin6_addr) == 1 ? sizeof(*in6) : 0;
  }
  auto* un = reinterpret_cast<sockaddr_un*>(storage);
  un->sun_family = AF_UNIX;
  if (host.empty() || host.size() >= sizeof(un->sun_path)) return 0;
  std::memcpy(un->sun_path, host.data(), host.size());
  // An abstract name begins with NUL and ends with the address.
  const size_t end = host[0] == '\0' ? 0 : 1;
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + host.size() + end);
}

void SetTcpOptions(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  // A peer that has gone while it is not read from, because a handler is at work, is found.
  const int idle_seconds = 60;
  const int interval_seconds = 15;
  const int probes = 4;
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof(idle_seconds));
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_seconds, sizeof(interval_seconds));
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

// A duplicate that is ours alone: close-on-exec and non-blocking, of a socket for which `option`
// has the value `wanted`.
UniqueFd Adopt(int socket, int option, int wanted, int* error, const char** syscall) {
  const auto failed = [&](const char* name, int number) {
    *error = number;
    *syscall = name;
    return UniqueFd();
  };
  UniqueFd fd(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
  if (!fd.valid()) return failed("fcntl", errno);
  int value = 0;
  socklen_t size = sizeof(value);
  if (::getsockopt(fd.get(), SOL_SOCKET, option, &value, &size) != 0)
    return failed("getsockopt", errno);
  if (value != wanted) return failed("getsockopt", EINVAL);
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return failed("fcntl", errno);
  return fd;
}

}  // namespace

UniqueFd OpenListener(const ListenAddress& address, int* error, const char** syscall) {
  const auto failed = [&](const char* name, int number) {
    *error = number;
    *syscall = name;
    return UniqueFd();
  };
  if (address.kind == AddressKind::kAdopted) {
    return Adopt(address.port, SO_ACCEPTCONN, 1, error, syscall);
  }
  sockaddr_storage storage;
  const socklen_t length = Fill(address.kind, address.host, address.port, &storage);
  if (length == 0) return failed("bind", EINVAL);
  UniqueFd fd(::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return failed("socket", errno);
  const int on = 1;
  if (address.kind != AddressKind::kUnix) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    // Accepted sockets inherit them: system calls less for each of them.
    SetTcpOptions(fd.get());
  } else if (address.mode >= 0) {
    // Before bind(2), so that the file is never open to more than these. See unix(7).
    ::fchmod(fd.get(), static_cast<mode_t>(address.mode));
  }
  if (address.reuse_port &&
      ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) {
    return failed("setsockopt", errno);
  }
  if (address.kind == AddressKind::kIPv6) {
    const int only = address.ipv6_only ? 1 : 0;
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
  }
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0)
    return failed("bind", errno);
  if (::listen(fd.get(), address.backlog) != 0) return failed("listen", errno);
  return fd;
}

UniqueFd OpenConnection(const ConnectAddress& address, bool* connecting, int* error,
                        const char** syscall) {
  const auto failed = [&](const char* name, int number) {
    *error = number;
    *syscall = name;
    return UniqueFd();
  };
  *connecting = false;
  if (address.kind == AddressKind::kAdopted) {
    UniqueFd fd = Adopt(address.port, SO_TYPE, SOCK_STREAM, error, syscall);
    SocketName peer;
    const int unnamed = fd.valid() ? NameOf(fd.get(), true, &peer) : 0;
    return unnamed == 0 ? std::move(fd) : failed("getpeername", -unnamed);
  }
  sockaddr_storage storage;
  const socklen_t length = Fill(address.kind, address.host, address.port, &storage);
  if (length == 0) return failed("connect", EINVAL);
  UniqueFd fd(::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return failed("socket", errno);
  if (address.kind != AddressKind::kUnix) {
    SetTcpOptions(fd.get());
    if (!address.source_host.empty() || address.source_port != 0) {
      const bool is_v4 = address.kind == AddressKind::kIPv4;
      const std::string any = is_v4 ? "0.0.0.0" : "::";
      const std::string& host = address.source_host.empty() ? any : address.source_host;
      sockaddr_storage source;
      const socklen_t size = Fill(address.kind, host, address.source_port, &source);
      if (size == 0) return failed("bind", EINVAL);
      const int on = 1;
      ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
      // The port is chosen by connect(2), which knows which are free towards that peer.
      if (address.source_port == 0)
        ::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
      if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&source), size) != 0)
        return failed("bind", errno);
    }
  }
  int result;
  do result = ::connect(fd.get(), reinterpret_cast<sockaddr*>(&storage), length);
  while (result != 0 && errno == EINTR && address.kind == AddressKind::kUnix);
  // Interrupted, a connect(2) of TCP goes on.
  *connecting = result != 0 && (errno == EINPROGRESS || errno == EINTR);
  return result == 0 || *connecting ? std::move(fd) : failed("connect", errno);
}

int NotifySocket(std::string path, const std::string& text) {
  if (path.empty() || (path[0] != '/' && path[0] != '@')) return EAFNOSUPPORT;
  if (text.empty() || path.find('\0') != std::string::npos) return EINVAL;
  if (path[0] == '@') path[0] = '\0';
  sockaddr_storage storage;
  const socklen_t length = Fill(AddressKind::kUnix, path, 0, &storage);
  if (length == 0) return ENAMETOOLONG;
  const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno;
  ssize_t n;
  do {
    n = ::sendto(fd.get(), text.data(), text.size(), MSG_NOSIGNAL,
                 reinterpret_cast<sockaddr*>(&storage), length);
  } while (n < 0 && errno == EINTR);
  return n < 0 ? errno : 0;
}

int NameOf(int fd, bool peer, SocketName* name) {
  sockaddr_storage storage;
  std::memset(&storage, 0, sizeof(storage));
  socklen_t length = sizeof(storage);
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if ((peer ? ::getpeername(fd, address, &length) : ::getsockname(fd, address, &length)) != 0)
    return -errno;
  char text[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(&storage);
    name->host = ::inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
    name->port = ntohs(in->sin_port);
    name->family = 4;
  } else if (storage.ss_family == AF_INET6) {
    const auto* in6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
      name->host = ::inet_ntop(AF_INET, in6->sin6_addr.s6_addr + 12, text, sizeof(text));
      name->family = 4;
    } else {
      name->host = ::inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
      name->family = 6;
    }
    name->port = ntohs(in6->sin6_port);
  } else {
    const auto* un = reinterpret_cast<const sockaddr_un*>(&storage);
    if (length > offsetof(sockaddr_un, sun_path)) {
      const size_t size = length - offsetof(sockaddr_un, sun_path);
      // All of an abstract name, which begins with NUL.
      name->host.assign(un->sun_path,
                        un->sun_path[0] == '\0' ? size : ::strnlen(un->sun_path, size));
    }
    name->family = 1;
  }
  return 0;
}

}  // namespace landspout
