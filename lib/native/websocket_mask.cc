// The addon's functions for payloads that are too long to be unmasked in TypeScript; their
// contracts are those of `Unmask` and `UnmaskTo` in addon.ts.
#include "websocket_mask.h"

#include "napi_args.h"

namespace landspout {

namespace {

constexpr uint64_t kHighBits = 0x8080808080808080ull;

bool IsSpan(int32_t start, int32_t end, const ByteView& bytes) {
  // A detached buffer has no bytes: its size is 0.
  return start >= 0 && end >= start && static_cast<size_t>(end) <= bytes.size;
}

const unsigned char* At(const ByteView& bytes, int32_t offset) {
  return reinterpret_cast<const unsigned char*>(bytes.data) + offset;
}

// unmask(bytes, start, end, key, phase): whether any byte of the result is not ASCII.
// @hot: once per frame that is long enough; allocates nothing.
napi_value Unmask(napi_env env, napi_callback_info info) {
  Args<5> args(env, info);
  const auto [bytes, start, end, key, phase] =
      args.Take<ByteView, int32_t, int32_t, uint32_t, int32_t>();
  if (!args.ok()) return nullptr;
  if (!IsSpan(start, end, bytes)) {
    return ThrowRange(env, "unmask: start and end are not in the bytes");
  }
  if (phase < 0 || phase > 3) return ThrowRange(env, "unmask: phase must be from 0 to 3");
  uint64_t seen = 0;
  if (end > start) {
    unsigned char* data = reinterpret_cast<unsigned char*>(bytes.data) + start;
    seen = UnmaskBytes(data, static_cast<size_t>(end - start), key, static_cast<unsigned>(phase),
                       data);
  }
  return Boolean(env, (seen & kHighBits) != 0);
}

// unmaskTo(target, bytes, start, end, key): likewise into `target`, which has end - start bytes.
// @hot: once per binary message that is long enough; allocates nothing.
napi_value UnmaskTo(napi_env env, napi_callback_info info) {
  Args<5> args(env, info);
  const auto [target, bytes, start, end, key] =
      args.Take<ByteView, ByteView, int32_t, int32_t, uint32_t>();
  if (!args.ok()) return nullptr;
  if (!IsSpan(start, end, bytes) || target.size != static_cast<size_t>(end - start)) {
    return ThrowRange(env, "unmaskTo: start and end are not in the bytes, or not the target's");
  }
  const unsigned char* from = At(bytes, start);
  const unsigned char* into = At(target, 0);
  if (target.size == 0) return nullptr;
  if (into < from + target.size && from < into + target.size) {
    return ThrowRange(env, "unmaskTo: the target is a part of the bytes");
  }
  UnmaskBytes(from, target.size, key, 0, reinterpret_cast<unsigned char*>(target.data));
  return nullptr;
}

}  // namespace

void DefineWebSocketMask(napi_env env, napi_value exports) {
  DefineFunction(env, exports, "unmask", Unmask);
  DefineFunction(env, exports, "unmaskTo", UnmaskTo);
}

}  // namespace landspout
