// The JavaScript class Poller.
#ifndef LANDSPOUT_POLLER_OBJECT_H_
#define LANDSPOUT_POLLER_OBJECT_H_

#include <node_api.h>

namespace landspout {

void DefinePoller(napi_env env, napi_value exports);

}  // namespace landspout

#endif  // LANDSPOUT_POLLER_OBJECT_H_
