// See addresses.h. Called by addon.cc.
#include "addresses.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace landspout {

namespace {

// The socket address and its length; 0 if the text is no address of that kind.
socklen_t Fill(const ListenAddress& address, sockaddr_storage* storage) {
  std::memset(storage, 0, sizeof(*storage));
  const bool is_ip = address.kind == AddressKind::kIPv4 || address.kind == AddressKind::kIPv6;
  if (!is_ip && address.kind != AddressKind::kUnix) return 0;
  if (is_ip && (address.port < 0 || address.port > 65535)) return 0;
  if (address.kind == AddressKind::kIPv4) {
    auto* in = reinterpret_cast<sockaddr_in*>(storage);
    in->sin_family = AF_INET;
    in->sin_port = htons(static_cast<uint16_t>(address.port));
    return ::inet_pton(AF_INET, address.host.c_str(), &in->sin_addr) == 1 ? sizeof(*in) : 0;
  }
  if (address.kind == AddressKind::kIPv6) {
    auto* in6 = reinterpret_cast<sockaddr_in6*>(storage);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(static_cast<uint16_t>(address.port));
    return ::inet_pton(AF_INET6, address.host.c_str(), &in6->sin6_addr) == 1 ? sizeof(*in6) : 0;
  }
  auto* un = reinterpret_cast<sockaddr_un*>(storage);
  un->sun_family = AF_UNIX;
  if (address.host.empty() || address.host.size() >= sizeof(un->sun_path)) return 0;
  std::memcpy(un->sun_path, address.host.c_str(), address.host.size());
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.host.size() + 1);
}

}  // namespace

UniqueFd OpenListener(const ListenAddress& address, int* error, const char** syscall) {
  const auto failed = [&](const char* name, int number) {
    *error = number;
    *syscall = name;
    return UniqueFd();
  };
  if (address.kind == AddressKind::kAdopted) {
    UniqueFd fd(::fcntl(address.port, F_DUPFD_CLOEXEC, 0));
    if (!fd.valid()) return failed("fcntl", errno);
    int listening = 0;
    socklen_t size = sizeof(listening);
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0)
      return failed("getsockopt", errno);
    if (listening == 0) return failed("getsockopt", EINVAL);
    const int flags = ::fcntl(fd.get(), F_GETFL);
    if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0)
      return failed("fcntl", errno);
    return fd;
  }
  sockaddr_storage storage;
  const socklen_t length = Fill(address, &storage);
  if (length == 0) return failed("bind", EINVAL);
  UniqueFd fd(::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return failed("socket", errno);
  const int on = 1;
  if (address.kind != AddressKind::kUnix) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    // Accepted sockets inherit it: one system call less for each of them.
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    // So do these. A peer that has gone while it is not read from, because a handler is at work, is
    // found.
    const int idle_seconds = 60;
    const int interval_seconds = 15;
    const int probes = 4;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof(idle_seconds));
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_KEEPINTVL, &interval_seconds, sizeof(interval_seconds));
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
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
      name->host.assign(un->sun_path,
                        ::strnlen(un->sun_path, length - offsetof(sockaddr_un, sun_path)));
    }
    name->family = 1;
  }
  return 0;
}

}  // namespace landspout
