// The addon's function `unmask`, for payloads that are too long to be unmasked in TypeScript; its
// contract is that of `unmask` in lib/websocket/mask.ts.
#include "websocket_mask.h"

#include "napi_args.h"

namespace landspout {

namespace {

constexpr uint64_t kHighBits = 0x8080808080808080ull;

// unmask(bytes, start, end, key, phase): whether any byte of the result is not ASCII.
// @hot: once per frame that is long enough; allocates nothing.
napi_value Unmask(napi_env env, napi_callback_info info) {
  Args<5> args(env, info);
  const ByteView bytes = args.Buffer(0);
  const int32_t start = args.Int(1);
  const int32_t end = args.Int(2);
  const uint32_t key = args.Uint(3);
  const int32_t phase = args.Int(4);
  if (!args.ok()) return nullptr;
  // A detached buffer has no bytes: its size is 0.
  if (start < 0 || end < start || static_cast<size_t>(end) > bytes.size) {
    napi_throw_range_error(env, "ERR_NATIVE_RANGE", "unmask: start and end are not in the bytes");
    return nullptr;
  }
  if (phase < 0 || phase > 3) {
    napi_throw_range_error(env, "ERR_NATIVE_RANGE", "unmask: phase must be from 0 to 3");
    return nullptr;
  }
  uint64_t seen = 0;
  if (end > start) {
    seen = UnmaskBytes(reinterpret_cast<unsigned char*>(bytes.data) + start,
                       static_cast<size_t>(end - start), key, static_cast<unsigned>(phase));
  }
  napi_value out = nullptr;
  napi_get_boolean(env, (seen & kHighBits) != 0, &out);
  return out;
}

}  // namespace

void DefineWebSocketMask(napi_env env, napi_value exports) {
  napi_value unmask = nullptr;
  napi_create_function(env, "unmask", NAPI_AUTO_LENGTH, Unmask, nullptr, &unmask);
  napi_set_named_property(env, exports, "unmask", unmask);
}

}  // namespace landspout
