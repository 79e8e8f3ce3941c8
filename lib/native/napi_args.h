// Args: the arguments of one call from JavaScript, taken one by one; a wrong type leaves a
// TypeError pending and ok() false, and the function then returns nullptr.
#ifndef LANDSPOUT_NAPI_ARGS_H_
#define LANDSPOUT_NAPI_ARGS_H_

#include <node_api.h>

#include <cstdint>
#include <string>

namespace landspout {

struct ByteView {
  char* data = nullptr;
  size_t size = 0;
};

template <size_t N>
class Args {
 public:
  Args(napi_env env, napi_callback_info info) : env_(env) {
    size_t count = N;
    if (napi_get_cb_info(env, info, &count, values_, &self_, nullptr) != napi_ok || count < N) {
      Fail("too few arguments");
    }
  }

  bool ok() const { return ok_; }
  napi_value self() const { return self_; }
  napi_value value(size_t i) const { return values_[i]; }

  int32_t Int(size_t i) {
    double number = 0;
    if (!ok_) return 0;
    // Not napi_get_value_int32: it takes 2 ** 32 + 3 for 3.
    const bool fits = napi_get_value_double(env_, values_[i], &number) == napi_ok &&
                      number >= -2147483648.0 && number <= 2147483647.0 &&
                      number == static_cast<double>(static_cast<int32_t>(number));
    if (!fits) Fail("expected a 32-bit integer");
    return fits ? static_cast<int32_t>(number) : 0;
  }
  uint32_t Uint(size_t i) { return static_cast<uint32_t>(Int(i)); }
  bool Bool(size_t i) {
    bool out = false;
    if (ok_ && napi_get_value_bool(env_, values_[i], &out) != napi_ok) Fail("expected a boolean");
    return out;
  }
  // At most 255 bytes: an address or a path of a Unix socket is no longer.
  std::string Text(size_t i) {
    char text[256];
    size_t length = 0;
    if (ok_ &&
        napi_get_value_string_utf8(env_, values_[i], text, sizeof(text), &length) != napi_ok) {
      Fail("expected a string");
    }
    return std::string(text, ok_ ? length : 0);
  }
  ByteView Buffer(size_t i) {
    ByteView view;
    if (!ok_) return view;
    napi_typedarray_type type;
    void* data = nullptr;
    if (napi_get_typedarray_info(env_, values_[i], &type, &view.size, &data, nullptr, nullptr) !=
            napi_ok ||
        type != napi_uint8_array) {
      Fail("expected a Uint8Array");
      view.size = 0;
    }
    view.data = static_cast<char*>(data);
    return view;
  }

 private:
  void Fail(const char* message) {
    if (ok_) napi_throw_type_error(env_, "ERR_NATIVE_ARGUMENT", message);
    ok_ = false;
  }

  napi_env env_;
  napi_value self_ = nullptr;
  napi_value values_[N == 0 ? 1 : N] = {};
  bool ok_ = true;
};

inline napi_value Number(napi_env env, double number) {
  napi_value out = nullptr;
  napi_create_double(env, number, &out);
  return out;
}

}  // namespace landspout

#endif  // LANDSPOUT_NAPI_ARGS_H_
