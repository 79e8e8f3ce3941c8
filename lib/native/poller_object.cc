// The JavaScript class Poller: its shared arrays and its methods. One thing is checked here for all
// below: `this` is a Poller of ours, open, and arguments have their types.
#include "poller_object.h"

#include <algorithm>
#include <cerrno>

#include "addresses.h"
#include "napi_args.h"
#include "poller.h"
#include "shared_arrays.h"
#include "socket_object.h"

namespace landspout {

namespace {

constexpr napi_type_tag kPollerTag = {0x6c616e6473706f75ull, 0x742d706f6c6c6572ull};
constexpr uint32_t kMaxCapacity = 16u * 1024 * 1024;

napi_value Throw(napi_env env, const char* code, const char* message) {
  napi_throw_error(env, code, message);
  return nullptr;
}

// new Poller(capacity, turn, externals): capacity = most descriptors at once; turn(words) walks the
// inbox ring; externals = the array that OP_EXTERNAL indexes.
napi_value New(napi_env env, napi_callback_info info) {
  napi_value target = nullptr;
  napi_get_new_target(env, info, &target);
  if (target == nullptr) {
    napi_throw_type_error(env, "ERR_NATIVE_ARGUMENT", "Poller is a class: call it with new");
    return nullptr;
  }
  Args<3> args(env, info);
  const int32_t capacity = args.Int(0);
  if (!args.ok()) return nullptr;
  napi_valuetype type = napi_undefined;
  bool is_array = false;
  napi_typeof(env, args.value(1), &type);
  napi_is_array(env, args.value(2), &is_array);
  if (type != napi_function || !is_array) {
    napi_throw_type_error(env, "ERR_NATIVE_ARGUMENT", "new Poller(capacity, turn, externals)");
    return nullptr;
  }
  if (capacity < 16 || static_cast<uint32_t>(capacity) > kMaxCapacity) {
    napi_throw_range_error(env, "ERR_NATIVE_RANGE",
                           "capacity must be from 16 to 16777216 descriptors");
    return nullptr;
  }
  napi_value self = args.self();
  napi_value keep = nullptr;
  napi_create_object(env, &keep);
  SharedArrays shared = {};
  if (!MakeSharedArrays(env, self, keep, static_cast<size_t>(capacity), &shared)) {
    return Throw(env, "ERR_NATIVE_MEMORY", "no memory for the arrays of an IOLoop");
  }
  Poller* poller = new Poller(env, static_cast<uint32_t>(capacity));
  const auto finalize = [](napi_env, void* data, void*) { static_cast<Poller*>(data)->Orphan(); };
  if (napi_wrap(env, self, poller, finalize, nullptr, nullptr) != napi_ok) {
    delete poller;
    return Throw(env, "ERR_NATIVE_MEMORY", "cannot make a Poller");
  }
  napi_type_tag_object(env, self, &kPollerTag);
  const int error = poller->Open(self, args.value(1), args.value(2), keep, shared);
  if (error != 0) {
    poller->Close();
    return Throw(env, "ERR_NATIVE_OPEN", "epoll_create1 failed: no descriptors or memory left");
  }
  return self;
}

// listen(kind, host, port, backlog, reusePort, ipv6Only, http, maxHeadBytes, maxFieldCount,
// maxTargetBytes): the slot, or [errno, syscall].
napi_value Listen(napi_env env, napi_callback_info info) {
  Args<10> args(env, info);
  Poller* poller = args.ok() ? Unwrap(env, args.self()) : nullptr;
  if (poller == nullptr) return nullptr;
  const ListenAddress address = {static_cast<AddressKind>(args.Int(0)),
                                 args.Text(1),
                                 args.Int(2),
                                 args.Int(3),
                                 args.Bool(4),
                                 args.Bool(5)};
  const ListenConfig config = {{args.Uint(7), args.Uint(8), args.Uint(9)}, args.Bool(6)};
  if (!args.ok()) return nullptr;
  int error = 0;
  const char* syscall = "listen";
  int64_t slot = -1;
  UniqueFd fd = OpenListener(address, &error, &syscall);
  if (fd.valid()) {
    slot = poller->Listen(std::move(fd), config);
    if (slot < 0) error = static_cast<int>(-slot);
  }
  if (slot >= 0) return Number(env, static_cast<double>(slot));
  return Refusal(env, error, syscall);
}

// addFd(fd, events): the slot or -errno.
napi_value AddFd(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  Poller* poller = args.ok() ? Unwrap(env, args.self()) : nullptr;
  if (poller == nullptr) return nullptr;
  const int fd = args.Int(0);
  const uint32_t events = args.Uint(1);
  return args.ok() ? Number(env, static_cast<double>(poller->AddUser(fd, events))) : nullptr;
}

// updateFd(slot, generation, events), removeFd(slot, generation), closeSlot(…), descriptor(…): 0 (a
// descriptor) or -errno.
napi_value UpdateFd(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  Poller* poller = args.ok() ? Unwrap(env, args.self()) : nullptr;
  if (poller == nullptr) return nullptr;
  const uint32_t slot = args.Uint(0);
  const uint32_t generation = args.Uint(1);
  const uint32_t events = args.Uint(2);
  return args.ok() ? Number(env, poller->UpdateUser(slot, generation, events)) : nullptr;
}

template <int (Poller::*Method)(uint32_t, uint32_t)>
napi_value OnSlot(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  Poller* poller = args.ok() ? Unwrap(env, args.self()) : nullptr;
  if (poller == nullptr) return nullptr;
  const uint32_t slot = args.Uint(0);
  const uint32_t generation = args.Uint(1);
  return args.ok() ? Number(env, (poller->*Method)(slot, generation)) : nullptr;
}

// generation(slot): of a slot just returned by listen or addFd.
napi_value Generation(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  Poller* poller = args.ok() ? Unwrap(env, args.self()) : nullptr;
  if (poller == nullptr) return nullptr;
  return Number(env, poller->GenerationOf(args.Uint(0)));
}

// name(slot, generation, peer): [host, port, family] or null if the socket is gone.
napi_value Name(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  Poller* poller = args.ok() ? Unwrap(env, args.self()) : nullptr;
  if (poller == nullptr) return nullptr;
  const int fd = poller->DescriptorOf(args.Uint(0), args.Uint(1));
  const bool peer = args.Bool(2);
  if (!args.ok()) return nullptr;
  return NameValue(env, fd, peer);
}

// setPiece(id, bytes): 0 or -errno.
napi_value SetPiece(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  Poller* poller = args.ok() ? Unwrap(env, args.self()) : nullptr;
  if (poller == nullptr) return nullptr;
  const uint32_t id = args.Uint(0);
  const ByteView bytes = args.Buffer(1);
  return args.ok() ? Number(env, poller->SetPiece(id, bytes.data, bytes.size)) : nullptr;
}

napi_value Flush(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  Poller* poller = Unwrap(env, args.self());
  if (poller != nullptr) poller->Flush();
  return nullptr;
}

// now(): stamps and returns the loop's time, ms.
napi_value Now(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  Poller* poller = Unwrap(env, args.self());
  return poller == nullptr ? nullptr : Number(env, poller->StampTime());
}

napi_value CloseLoop(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  Poller* poller = Unwrap(env, args.self());
  if (poller != nullptr) poller->Close();
  return nullptr;
}

}  // namespace

Poller* Unwrap(napi_env env, napi_value self) {
  bool ours = false;
  void* data = nullptr;
  if (napi_check_object_type_tag(env, self, &kPollerTag, &ours) != napi_ok || !ours ||
      napi_unwrap(env, self, &data) != napi_ok) {
    napi_throw_type_error(env, "ERR_NATIVE_ARGUMENT", "not a Poller");
    return nullptr;
  }
  Poller* poller = static_cast<Poller*>(data);
  if (poller->closed()) {
    napi_throw_error(env, "ERR_LOOP_CLOSED", "the IOLoop is closed");
    return nullptr;
  }
  return poller;
}

void DefinePoller(napi_env env, napi_value exports) {
  const auto method = [](const char* name, napi_callback call) {
    return napi_property_descriptor{
        name, nullptr, call, nullptr, nullptr, nullptr, napi_default_method, nullptr};
  };
  const napi_property_descriptor methods[] = {
      method("listen", Listen),
      method("bind", BindSocket),
      method("connect", ConnectSocket),
      method("setNoDelay", SetNoDelay),
      method("fdName", FdName),
      method("addFd", AddFd),
      method("updateFd", UpdateFd),
      method("removeFd", OnSlot<&Poller::RemoveUser>),
      method("closeSlot", OnSlot<&Poller::CloseSlotByNumber>),
      method("descriptor", OnSlot<&Poller::DescriptorOf>),
      method("generation", Generation),
      method("name", Name),
      method("setPiece", SetPiece),
      method("flush", Flush),
      method("now", Now),
      method("close", CloseLoop),
  };
  napi_value poller = nullptr;
  napi_define_class(env, "Poller", NAPI_AUTO_LENGTH, New, nullptr,
                    sizeof(methods) / sizeof(methods[0]), methods, &poller);
  napi_set_named_property(env, exports, "Poller", poller);
}

}  // namespace landspout
