// Args: the arguments of one call from JavaScript; a wrong type leaves a TypeError pending and ok()
// false, and the function then returns nullptr. Beside it what every part of the addon says to
// Node-API: throw this, here is a number, this is a class.
#ifndef LANDSPOUT_NAPI_ARGS_H_
#define LANDSPOUT_NAPI_ARGS_H_

#include <node_api.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

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

  // The first arguments in their order, each as a type that As() knows.
  template <typename... T>
  std::tuple<T...> Take() {
    static_assert(sizeof...(T) <= N);
    // Braces: one after the other, so that the first that is wrong is the one complained of.
    return [this]<size_t... I>(std::index_sequence<I...>) { return std::tuple<T...>{As<T>(I)...}; }
    (std::index_sequence_for<T...>{});
  }

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
  std::string LongText(size_t i) {
    size_t length = 0;
    std::string text;
    if (ok_ && napi_get_value_string_utf8(env_, values_[i], nullptr, 0, &length) == napi_ok) {
      text.resize(length + 1);
      napi_get_value_string_utf8(env_, values_[i], text.data(), length + 1, &length);
      text.resize(length);
    } else {
      Fail("expected a string");
    }
    return text;
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
  template <typename T>
  T As(size_t i) {
    if constexpr (std::is_same_v<T, int32_t>) {
      return Int(i);
    } else if constexpr (std::is_same_v<T, uint32_t>) {
      return Uint(i);
    } else if constexpr (std::is_same_v<T, bool>) {
      return Bool(i);
    } else if constexpr (std::is_same_v<T, std::string>) {
      return Text(i);
    } else {
      static_assert(std::is_same_v<T, ByteView>);
      return Buffer(i);
    }
  }
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

inline napi_value Boolean(napi_env env, bool value) {
  napi_value out = nullptr;
  napi_get_boolean(env, value, &out);
  return out;
}

// These leave an exception pending and return nullptr, for a function to return.
inline napi_value Throw(napi_env env, const char* code, const char* message) {
  napi_throw_error(env, code, message);
  return nullptr;
}
inline napi_value ThrowType(napi_env env, const char* message) {
  napi_throw_type_error(env, "ERR_NATIVE_ARGUMENT", message);
  return nullptr;
}
inline napi_value ThrowRange(napi_env env, const char* message) {
  napi_throw_range_error(env, "ERR_NATIVE_RANGE", message);
  return nullptr;
}

inline void DefineFunction(napi_env env, napi_value exports, const char* name, napi_callback call) {
  napi_value function = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

struct Method {
  const char* name;
  napi_callback call;
};

template <size_t N>
void DefineClass(napi_env env, napi_value exports, const char* name, napi_callback constructor,
                 const Method (&methods)[N]) {
  napi_property_descriptor properties[N] = {};
  for (size_t i = 0; i < N; i++) {
    properties[i].utf8name = methods[i].name;
    properties[i].method = methods[i].call;
    properties[i].attributes = napi_default_method;
  }
  napi_value made = nullptr;
  napi_define_class(env, name, NAPI_AUTO_LENGTH, constructor, nullptr, N, properties, &made);
  napi_set_named_property(env, exports, name, made);
}

// The object of ours, marked with `tag`, that `self` wraps; nullptr with a TypeError pending if it
// is none.
template <typename T>
T* UnwrapTagged(napi_env env, napi_value self, const napi_type_tag& tag, const char* message) {
  bool ours = false;
  void* data = nullptr;
  if (napi_check_object_type_tag(env, self, &tag, &ours) == napi_ok && ours &&
      napi_unwrap(env, self, &data) == napi_ok) {
    return static_cast<T*>(data);
  }
  ThrowType(env, message);
  return nullptr;
}

// Whether a constructor was called with new; otherwise a TypeError is pending.
inline bool IsCalledWithNew(napi_env env, napi_callback_info info, const char* message) {
  napi_value target = nullptr;
  napi_get_new_target(env, info, &target);
  if (target == nullptr) ThrowType(env, message);
  return target != nullptr;
}

}  // namespace landspout

#endif  // LANDSPOUT_NAPI_ARGS_H_
