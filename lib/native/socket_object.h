// Methods of the JavaScript class Poller that make sockets, or change one.
#ifndef LANDSPOUT_SOCKET_OBJECT_H_
#define LANDSPOUT_SOCKET_OBJECT_H_

#include <node_api.h>

#include <string>
#include <tuple>

#include "addresses.h"
#include "napi_args.h"

namespace landspout {

napi_value BindSocket(napi_env env, napi_callback_info info);
napi_value ConnectSocket(napi_env env, napi_callback_info info);
napi_value MemoryPairOf(napi_env env, napi_callback_info info);
napi_value FdName(napi_env env, napi_callback_info info);

// [host, port, family], or null if there is no such socket or it has no such name.
napi_value NameValue(napi_env env, int fd, bool peer);

// The address that the first six arguments of listen() and bind() give.
template <size_t N>
ListenAddress TakeListenAddress(Args<N>& args) {
  auto [kind, host, port, backlog, reuse_port, ipv6_only] =
      args.template Take<int32_t, std::string, int32_t, int32_t, bool, bool>();
  return {static_cast<AddressKind>(kind), std::move(host), port, backlog, reuse_port, ipv6_only};
}

// [errno, syscall]: what is returned for a socket that the kernel refuses.
napi_value Refusal(napi_env env, int error, const char* syscall);

}  // namespace landspout

#endif  // LANDSPOUT_SOCKET_OBJECT_H_
