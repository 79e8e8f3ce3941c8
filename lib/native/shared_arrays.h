// The arrays that a Poller shares with TypeScript: made as properties of the JavaScript object, by
// name.
#ifndef LANDSPOUT_SHARED_ARRAYS_H_
#define LANDSPOUT_SHARED_ARRAYS_H_

#include <node_api.h>

#include "abi.h"
#include "poller.h"

namespace landspout {

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

// `keep` holds the buffers, so that they outlive whatever happens to the properties. False: no
// memory.
inline bool MakeSharedArrays(napi_env env, napi_value self, napi_value keep, size_t slots,
                             SharedArrays* out) {
  const auto bytes = [&](const char* name, size_t count) {
    return Array<char>(env, self, keep, name, napi_uint8_array, count);
  };
  const auto words = [&](const char* name, size_t count) {
    return Array<int32_t>(env, self, keep, name, napi_int32_array, count);
  };
  const auto doubles = [&](const char* name, size_t count) {
    return Array<double>(env, self, keep, name, napi_float64_array, count);
  };
  *out = {bytes("inboxArena", kInboxArenaBytes),
          words("inboxRing", kInboxRingWords),
          bytes("outboxArena", kOutboxArenaBytes),
          words("outboxRing", kOutboxRingWords),
          words("control", CONTROL_WORDS),
          doubles("clock", CLOCK_WORDS),
          doubles("lastActive", slots),
          words("pendingBytes", slots),
          doubles("stats", STAT_WORDS)};
  return out->inbox_arena != nullptr && out->inbox_ring != nullptr &&
         out->outbox_arena != nullptr && out->outbox_ring != nullptr && out->control != nullptr &&
         out->clock != nullptr && out->last_active != nullptr && out->pending_bytes != nullptr &&
         out->stats != nullptr;
}

}  // namespace landspout

#endif  // LANDSPOUT_SHARED_ARRAYS_H_
