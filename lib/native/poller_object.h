// The JavaScript class Poller.
#ifndef LANDSPOUT_POLLER_OBJECT_H_
#define LANDSPOUT_POLLER_OBJECT_H_

#include <node_api.h>

namespace landspout {

class Poller;

// The open Poller that `self` wraps; nullptr: an error is pending.
Poller* Unwrap(napi_env env, napi_value self);

void DefinePoller(napi_env env, napi_value exports);

}  // namespace landspout

#endif  // LANDSPOUT_POLLER_OBJECT_H_
