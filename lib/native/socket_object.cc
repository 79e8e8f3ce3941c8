// See socket_object.h. poller_object.cc puts them into the class.
#include "socket_object.h"

#include "poller.h"
#include "poller_object.h"

namespace landspout {

// bind(kind, host, port, backlog, reusePort, ipv6Only, mode): a listening descriptor, which is the
// caller's, or [errno, syscall].
napi_value BindSocket(napi_env env, napi_callback_info info) {
  Args<7> args(env, info);
  if (!args.ok() || Unwrap(env, args.self()) == nullptr) return nullptr;
  ListenAddress address = TakeListenAddress(args);
  address.mode = args.Int(6);
  if (!args.ok()) return nullptr;
  int error = 0;
  const char* syscall = "bind";
  UniqueFd fd = OpenListener(address, &error, &syscall);
  return fd.valid() ? Number(env, fd.release()) : Refusal(env, error, syscall);
}

// connect(kind, host, port, sourceHost, sourcePort): the slot, or [errno, syscall].
napi_value ConnectSocket(napi_env env, napi_callback_info info) {
  Args<5> args(env, info);
  Poller* poller = args.ok() ? Unwrap(env, args.self()) : nullptr;
  if (poller == nullptr) return nullptr;
  const ConnectAddress address = {static_cast<AddressKind>(args.Int(0)), args.Text(1), args.Int(2),
                                  args.Text(3), args.Int(4)};
  if (!args.ok()) return nullptr;
  int error = 0;
  bool connecting = false;
  const char* syscall = "connect";
  UniqueFd fd = OpenConnection(address, &connecting, &error, &syscall);
  if (!fd.valid()) return Refusal(env, error, syscall);
  const bool adopted = address.kind == AddressKind::kAdopted;
  const int64_t slot = poller->AddSocket(std::move(fd), adopted, connecting);
  if (slot < 0) return Refusal(env, static_cast<int>(-slot), "epoll_ctl");
  return Number(env, static_cast<double>(slot));
}

// memoryPair(maxHeadBytes, maxFieldCount, maxTargetBytes): [the server's slot, the client's], or
// -errno.
napi_value MemoryPairOf(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  Poller* poller = args.ok() ? Unwrap(env, args.self()) : nullptr;
  if (poller == nullptr) return nullptr;
  const ListenConfig config = {{args.Uint(0), args.Uint(1), args.Uint(2)}, true};
  if (!args.ok()) return nullptr;
  uint32_t slots[2];
  const int error = poller->AddMemoryPair(config, slots);
  if (error != 0) return Number(env, error);
  napi_value pair = nullptr;
  napi_create_array_with_length(env, 2, &pair);
  for (uint32_t i = 0; i < 2; i++) napi_set_element(env, pair, i, Number(env, slots[i]));
  return pair;
}

// fdName(fd): the own name of a socket that has no slot.
napi_value FdName(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  if (!args.ok() || Unwrap(env, args.self()) == nullptr) return nullptr;
  const int fd = args.Int(0);
  return args.ok() ? NameValue(env, fd, false) : nullptr;
}

napi_value NameValue(napi_env env, int fd, bool peer) {
  SocketName name;
  napi_value out = nullptr;
  if (fd < 0 || NameOf(fd, peer, &name) != 0) {
    napi_get_null(env, &out);
    return out;
  }
  napi_value host = nullptr;
  napi_create_array_with_length(env, 3, &out);
  napi_create_string_utf8(env, name.host.data(), name.host.size(), &host);
  napi_set_element(env, out, 0, host);
  napi_set_element(env, out, 1, Number(env, name.port));
  napi_set_element(env, out, 2, Number(env, name.family));
  return out;
}

napi_value Refusal(napi_env env, int error, const char* syscall) {
  napi_value pair = nullptr;
  napi_value name = nullptr;
  napi_create_array_with_length(env, 2, &pair);
  napi_create_string_utf8(env, syscall, NAPI_AUTO_LENGTH, &name);
  napi_set_element(env, pair, 0, Number(env, error));
  napi_set_element(env, pair, 1, name);
  return pair;
}

}  // namespace landspout
