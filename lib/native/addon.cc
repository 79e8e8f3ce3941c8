// The Node-API face: class Poller, its shared arrays, and every constant of abi.h. One thing is
// checked here for all below: `this` is a Poller of ours, open, and arguments have their types.
#include <algorithm>
#include <cerrno>

#include "addresses.h"
#include "byte_class.h"
#include "field_names.h"
#include "llhttp_abi.h"
#include "napi_args.h"
#include "poller.h"

namespace landspout {

namespace {

constexpr napi_type_tag kPollerTag = {0x6c616e6473706f75ull, 0x742d706f6c6c6572ull};
constexpr uint32_t kMaxCapacity = 16u * 1024 * 1024;

napi_value Throw(napi_env env, const char* code, const char* message) {
  napi_throw_error(env, code, message);
  return nullptr;
}

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

template <typename Item>
Item* Array(napi_env env, napi_value self, napi_value keep, const char* name,
            napi_typedarray_type type, size_t count) {
  void* data = nullptr;
  napi_value buffer = nullptr;
  napi_value array = nullptr;
  if (napi_create_arraybuffer(env, count * sizeof(Item), &data, &buffer) != napi_ok ||
      napi_create_typedarray(env, type, count, buffer, 0, &array) != napi_ok) {
    return nullptr;
  }
  napi_set_named_property(env, self, name, array);
  napi_set_named_property(env, keep, name, buffer);
  return static_cast<Item*>(data);
}

// new Poller(capacity, turn, externals): capacity = most descriptors at once; turn(words) walks the
// inbox ring; externals = the array that OP_EXTERNAL indexes.
napi_value New(napi_env env, napi_callback_info info) {
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
  const size_t slots = static_cast<size_t>(capacity);
  SharedArrays shared = {};
  shared.inbox_arena =
      Array<char>(env, self, keep, "inboxArena", napi_uint8_array, kInboxArenaBytes);
  shared.inbox_ring =
      Array<int32_t>(env, self, keep, "inboxRing", napi_int32_array, kInboxRingWords);
  shared.outbox_arena =
      Array<char>(env, self, keep, "outboxArena", napi_uint8_array, kOutboxArenaBytes);
  shared.outbox_ring =
      Array<int32_t>(env, self, keep, "outboxRing", napi_int32_array, kOutboxRingWords);
  shared.control = Array<int32_t>(env, self, keep, "control", napi_int32_array, CONTROL_WORDS);
  shared.clock = Array<double>(env, self, keep, "clock", napi_float64_array, CLOCK_WORDS);
  shared.last_active = Array<double>(env, self, keep, "lastActive", napi_float64_array, slots);
  shared.pending_bytes = Array<int32_t>(env, self, keep, "pendingBytes", napi_int32_array, slots);
  if (shared.inbox_arena == nullptr || shared.inbox_ring == nullptr ||
      shared.outbox_arena == nullptr || shared.outbox_ring == nullptr ||
      shared.control == nullptr || shared.clock == nullptr || shared.last_active == nullptr ||
      shared.pending_bytes == nullptr) {
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
  napi_value pair = nullptr;
  napi_value name = nullptr;
  napi_create_array_with_length(env, 2, &pair);
  napi_create_string_utf8(env, syscall, NAPI_AUTO_LENGTH, &name);
  napi_set_element(env, pair, 0, Number(env, error));
  napi_set_element(env, pair, 1, name);
  return pair;
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

napi_value Hash(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const ByteView bytes = args.Buffer(0);
  return args.ok() ? Number(env, HashBytes(bytes.data, bytes.size)) : nullptr;
}

napi_value Names(napi_env env, const char* const* names, uint32_t count) {
  napi_value out = nullptr;
  napi_create_array_with_length(env, count, &out);
  for (uint32_t i = 0; i < count; i++) {
    napi_value name = nullptr;
    napi_create_string_utf8(env, names[i], NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, out, i, name);
  }
  return out;
}

napi_value Init(napi_env env, napi_value exports) {
  if (const char* problem = LlhttpProblem(); problem != nullptr)
    return Throw(env, "ERR_LLHTTP", problem);
  const napi_property_descriptor methods[] = {
      {"listen", nullptr, Listen, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"addFd", nullptr, AddFd, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"updateFd", nullptr, UpdateFd, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"removeFd", nullptr, OnSlot<&Poller::RemoveUser>, nullptr, nullptr, nullptr,
       napi_default_method, nullptr},
      {"closeSlot", nullptr, OnSlot<&Poller::CloseSlotByNumber>, nullptr, nullptr, nullptr,
       napi_default_method, nullptr},
      {"descriptor", nullptr, OnSlot<&Poller::DescriptorOf>, nullptr, nullptr, nullptr,
       napi_default_method, nullptr},
      {"generation", nullptr, Generation, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"name", nullptr, Name, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"setPiece", nullptr, SetPiece, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"flush", nullptr, Flush, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"now", nullptr, Now, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"close", nullptr, CloseLoop, nullptr, nullptr, nullptr, napi_default_method, nullptr},
  };
  napi_value poller = nullptr;
  napi_define_class(env, "Poller", NAPI_AUTO_LENGTH, New, nullptr,
                    sizeof(methods) / sizeof(methods[0]), methods, &poller);
  napi_set_named_property(env, exports, "Poller", poller);
  napi_value hash = nullptr;
  napi_create_function(env, "hashBytes", NAPI_AUTO_LENGTH, Hash, nullptr, &hash);
  napi_set_named_property(env, exports, "hashBytes", hash);
  napi_set_named_property(env, exports, "fieldNames", Names(env, kFieldNames, kFieldNameCount));
  static constexpr const char* kMethods[] = {"GET",    "HEAD",  "POST",   "PUT",
                                             "DELETE", "PATCH", "OPTIONS"};
  napi_set_named_property(env, exports, "methodNames", Names(env, kMethods, METHOD_OTHER));
  napi_value constants = nullptr;
  napi_create_object(env, &constants);
#define LANDSPOUT_EXPORT(name, value) \
  napi_set_named_property(env, constants, #name, Number(env, value));
  LANDSPOUT_RECORD_WORDS(LANDSPOUT_EXPORT)
  LANDSPOUT_RECORD_KINDS(LANDSPOUT_EXPORT)
  LANDSPOUT_HEAD_FLAGS(LANDSPOUT_EXPORT)
  LANDSPOUT_METHODS(LANDSPOUT_EXPORT)
  LANDSPOUT_BAD_REASONS(LANDSPOUT_EXPORT)
  LANDSPOUT_COMMAND_WORDS(LANDSPOUT_EXPORT)
  LANDSPOUT_OPS(LANDSPOUT_EXPORT)
  LANDSPOUT_OPERANDS(LANDSPOUT_EXPORT)
  LANDSPOUT_CONTROL_WORDS(LANDSPOUT_EXPORT)
  LANDSPOUT_CLOCK_WORDS(LANDSPOUT_EXPORT)
#undef LANDSPOUT_EXPORT
  napi_set_named_property(env, exports, "constants", constants);
  return exports;
}

}  // namespace

}  // namespace landspout

NAPI_MODULE_INIT() { return landspout::Init(env, exports); }
