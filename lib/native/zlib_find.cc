// Finds the functions of zlib_abi.h in the running process. All must come from one object: a
// process may hold more than one zlib (Node 20 does, the other under a prefix).
#include <dlfcn.h>

#include "zlib_abi.h"

namespace landspout {

namespace {

struct Found {
  Zlib zlib = {};
  bool fits = true;
  const void* object = nullptr;

  template <typename Function>
  void Look(const char* symbol, Function** out) {
    void* address = ::dlsym(RTLD_DEFAULT, symbol);
    Dl_info info = {};
    if (address == nullptr || ::dladdr(address, &info) == 0) {
      fits = false;
      return;
    }
    if (object == nullptr) object = info.dli_fbase;
    if (object != info.dli_fbase) fits = false;
    *out = reinterpret_cast<Function*>(address);
  }
};

Found Find() {
  Found found;
  found.Look("zlibVersion", &found.zlib.zlibVersion);
  found.Look("deflateInit2_", &found.zlib.deflateInit2_);
  found.Look("deflate", &found.zlib.deflate);
  found.Look("deflateReset", &found.zlib.deflateReset);
  found.Look("deflateEnd", &found.zlib.deflateEnd);
  found.Look("inflateInit2_", &found.zlib.inflateInit2_);
  found.Look("inflate", &found.zlib.inflate);
  found.Look("inflateReset", &found.zlib.inflateReset);
  found.Look("inflateGetDictionary", &found.zlib.inflateGetDictionary);
  found.Look("inflateSetDictionary", &found.zlib.inflateSetDictionary);
  found.Look("inflateEnd", &found.zlib.inflateEnd);
  if (found.fits) found.fits = found.zlib.zlibVersion()[0] == kZlibVersion[0];
  return found;
}

}  // namespace

const Zlib* FindZlib() {
  // Addresses of the process, the same for every environment in it.
  static const Found kFound = Find();
  return kFound.fits ? &kFound.zlib : nullptr;
}

}  // namespace landspout
