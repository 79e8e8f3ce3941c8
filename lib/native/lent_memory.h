// Memory that JavaScript has for the time of a call: the addon's half.
#ifndef LANDSPOUT_LENT_MEMORY_H_
#define LANDSPOUT_LENT_MEMORY_H_

#include <node_api.h>

namespace landspout {

void DefineLentMemory(napi_env env, napi_value exports);

}  // namespace landspout

#endif  // LANDSPOUT_LENT_MEMORY_H_
