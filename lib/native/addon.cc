// The addon: what it exports besides class Poller (poller_object.cc), every constant of abi.h above
// all.
#include "abi.h"
#include "addresses.h"
#include "byte_class.h"
#include "deflate_object.h"
#include "field_names.h"
#include "lent_memory.h"
#include "llhttp_abi.h"
#include "napi_args.h"
#include "poller_object.h"
#include "websocket_mask.h"

namespace landspout {

namespace {

napi_value Hash(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const ByteView bytes = args.Buffer(0);
  return args.ok() ? Number(env, HashBytes(bytes.data, bytes.size)) : nullptr;
}

// notifySocket(path, text): 0 or the errno.
napi_value Notify(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const std::string path = args.Text(0);
  const std::string text = args.LongText(1);
  return args.ok() ? Number(env, NotifySocket(path, text)) : nullptr;
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
  DefinePoller(env, exports);
  DefineWebSocketMask(env, exports);
  DefineLentMemory(env, exports);
  DefineDeflater(env, exports);
  DefineInflater(env, exports);
  DefineFunction(env, exports, "hashBytes", Hash);
  DefineFunction(env, exports, "notifySocket", Notify);
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
  LANDSPOUT_STATS(LANDSPOUT_EXPORT)
#undef LANDSPOUT_EXPORT
  napi_set_named_property(env, exports, "constants", constants);
  return exports;
}

}  // namespace

}  // namespace landspout

NAPI_MODULE_INIT() { return landspout::Init(env, exports); }
