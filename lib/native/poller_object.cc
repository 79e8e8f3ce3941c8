// The JavaScript class Poller: its shared arrays and its methods. One thing is checked here for all
// below: `this` is a Poller of ours, open, and arguments have their types.
#include "poller_object.h"

#include <tuple>

#include "poller.h"
#include "shared_arrays.h"
#include "socket_object.h"

namespace landspout {

namespace {

constexpr napi_type_tag kPollerTag = {0x6c616e6473706f75ull, 0x742d706f6c6c6572ull};
constexpr uint32_t kMaxCapacity = 16u * 1024 * 1024;

// new Poller(capacity, turn, externals): capacity = most descriptors at once; turn(words) walks the
// inbox ring; externals = the array that OP_EXTERNAL indexes.
napi_value New(napi_env env, napi_callback_info info) {
  if (!IsCalledWithNew(env, info, "Poller is a class: call it with new")) return nullptr;
  Args<3> args(env, info);
  const int32_t capacity = args.Int(0);
  if (!args.ok()) return nullptr;
  napi_valuetype type = napi_undefined;
  bool is_array = false;
  napi_typeof(env, args.value(1), &type);
  napi_is_array(env, args.value(2), &is_array);
  if (type != napi_function || !is_array) {
    return ThrowType(env, "new Poller(capacity, turn, externals)");
  }
  if (capacity < 16 || static_cast<uint32_t>(capacity) > kMaxCapacity) {
    return ThrowRange(env, "capacity must be from 16 to 16777216 descriptors");
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
  const ListenAddress address = TakeListenAddress(args);
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

// A method that takes numbers or booleans and returns one number: addFd(fd, events) the slot or
// -errno; updateFd(slot, generation, events), removeFd(slot, generation), closeSlot(…),
// descriptor(…), setNoDelay(slot, generation, on), setKeepAlive(slot, generation, seconds) 0 (a
// descriptor) or -errno; generation(slot) that of a slot just returned by listen or addFd.
template <auto method>
struct Call;
template <typename Result, typename... Given, Result (Poller::*method)(Given...)>
struct Call<method> {
  static napi_value OnPoller(napi_env env, napi_callback_info info) {
    Args<sizeof...(Given)> args(env, info);
    Poller* poller = args.ok() ? Unwrap(env, args.self()) : nullptr;
    if (poller == nullptr) return nullptr;
    const std::tuple<Given...> given = args.template Take<Given...>();
    if (!args.ok()) return nullptr;
    const auto call = [poller](Given... each) { return (poller->*method)(each...); };
    return Number(env, static_cast<double>(std::apply(call, given)));
  }
};

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
  const auto [id, bytes] = args.Take<uint32_t, ByteView>();
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
  Poller* poller = UnwrapTagged<Poller>(env, self, kPollerTag, "not a Poller");
  if (poller != nullptr && poller->closed()) {
    napi_throw_error(env, "ERR_LOOP_CLOSED", "the IOLoop is closed");
    return nullptr;
  }
  return poller;
}

void DefinePoller(napi_env env, napi_value exports) {
  DefineClass(env, exports, "Poller", New,
              {{"listen", Listen},
               {"bind", BindSocket},
               {"memoryPair", MemoryPairOf},
               {"connect", ConnectSocket},
               {"setNoDelay", Call<&Poller::SetNoDelay>::OnPoller},
               {"setKeepAlive", Call<&Poller::SetKeepAlive>::OnPoller},
               {"fdName", FdName},
               {"addFd", Call<&Poller::AddUser>::OnPoller},
               {"updateFd", Call<&Poller::UpdateUser>::OnPoller},
               {"removeFd", Call<&Poller::RemoveUser>::OnPoller},
               {"closeSlot", Call<&Poller::CloseSlotByNumber>::OnPoller},
               {"descriptor", Call<&Poller::DescriptorOf>::OnPoller},
               {"generation", Call<&Poller::GenerationOf>::OnPoller},
               {"name", Name},
               {"setPiece", SetPiece},
               {"flush", Flush},
               {"now", Now},
               {"close", CloseLoop}});
}

}  // namespace landspout
