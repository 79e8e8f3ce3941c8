// detach(bytes): takes the memory of a Uint8Array away from JavaScript and frees it, now and not at
// the next collection. See lentmemory.ts.
#include "lent_memory.h"

#include "napi_args.h"

namespace landspout {

namespace {

// @hot bench/websocket.mjs lent-64k: once per large message that was lent.
// false if the memory cannot be taken away: it is shared, or WebAssembly's.
napi_value Detach(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  args.Buffer(0);
  if (!args.ok()) return nullptr;
  napi_value buffer = nullptr;
  napi_get_typedarray_info(env, args.value(0), nullptr, nullptr, nullptr, &buffer, nullptr);
  return Boolean(env, napi_detach_arraybuffer(env, buffer) == napi_ok);
}

}  // namespace

void DefineLentMemory(napi_env env, napi_value exports) {
  DefineFunction(env, exports, "detach", Detach);
}

}  // namespace landspout
