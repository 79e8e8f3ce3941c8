// CodecObject: ownership, work on another thread, and how results reach JavaScript.
#include "deflate_object.h"

namespace landspout {

namespace {

// From here on a result is given away instead of copied.
constexpr size_t kGivenBytes = 16 * 1024;

void FreeGiven(napi_env, void* data, void*) { std::free(data); }

napi_value BufferOf(napi_env env, CodecOutput* output) {
  napi_value out = nullptr;
  const size_t size = output->size();
  if (output->owned() && size >= kGivenBytes) {
    unsigned char* data = output->Take();
    const napi_status status =
        napi_create_external_buffer(env, size, data, FreeGiven, nullptr, &out);
    if (status == napi_ok) return out;
    // Node has called FreeGiven itself after a failure of V8's.
    if (status == napi_generic_failure) return nullptr;
    napi_create_buffer_copy(env, size, data, nullptr, &out);
    std::free(data);
    return out;
  }
  napi_create_buffer_copy(env, size, output->data(), nullptr, &out);
  return out;
}

}  // namespace

struct CodecObject::Job {
  CodecObject* codec;
  napi_async_work work;
  napi_deferred deferred;
  napi_ref self;
  CodecResult result;
};

napi_value CodecObject::Wrap(napi_env env, napi_value self, const napi_type_tag& tag) {
  const auto finalize = [](napi_env env, void* data, void*) {
    CodecObject* codec = static_cast<CodecObject*>(data);
    codec->Close(env);
    codec->Unref();
  };
  if (napi_wrap(env, self, this, finalize, nullptr, nullptr) != napi_ok) {
    Unref();
    return Throw(env, "ERR_NATIVE_MEMORY", "cannot make a Deflater or Inflater");
  }
  napi_type_tag_object(env, self, &tag);
  return self;
}

void CodecObject::Close(napi_env env) {
  closed_ = true;
  if (busy_) return;
  Free();
  DropInput();
  output_ = {};
  Report(env);
}

bool CodecObject::Keep(const unsigned char* bytes, size_t size) {
  DropInput();
  if (size == 0) return true;
  input_ = static_cast<unsigned char*>(std::malloc(size));
  if (input_ == nullptr) return false;
  std::memcpy(input_, bytes, size);
  input_size_ = size;
  return true;
}

napi_value CodecObject::Start(napi_env env, napi_value self) {
  Job* job = new Job{this, nullptr, nullptr, nullptr, RESULT_CLOSED};
  napi_value promise = nullptr;
  napi_value name = nullptr;
  napi_create_string_utf8(env, "landspout:deflate", NAPI_AUTO_LENGTH, &name);
  const bool is_made =
      napi_create_async_work(env, nullptr, name, Execute, Complete, job, &job->work) == napi_ok &&
      napi_create_reference(env, self, 1, &job->self) == napi_ok &&
      napi_create_promise(env, &job->deferred, &promise) == napi_ok;
  if (!is_made || napi_queue_async_work(env, job->work) != napi_ok) {
    if (job->self != nullptr) napi_delete_reference(env, job->self);
    if (job->work != nullptr) napi_delete_async_work(env, job->work);
    delete job;
    DropInput();
    return Throw(env, "ERR_NATIVE_MEMORY", "cannot start work on another thread");
  }
  busy_ = true;
  references_++;
  return promise;
}

void CodecObject::Execute(napi_env, void* data) {
  Job* job = static_cast<Job*>(data);
  job->result = job->codec->Work();
}

// An environment that ends calls this too, and refuses most of what is tried: that is not looked
// at.
void CodecObject::Complete(napi_env env, napi_status, void* data) {
  Job* job = static_cast<Job*>(data);
  CodecObject* codec = job->codec;
  codec->busy_ = false;
  codec->DropInput();
  CodecResult result = codec->closed_ ? RESULT_CLOSED : job->result;
  napi_value value = nullptr;
  if (result == RESULT_DONE) {
    value = BufferOf(env, &codec->output_);
    if (value == nullptr) result = RESULT_NO_MEMORY;
  }
  codec->output_ = {};
  if (value == nullptr) value = Number(env, result);
  if (codec->closed_) codec->Close(env);
  codec->Report(env);
  napi_delete_reference(env, job->self);
  napi_delete_async_work(env, job->work);
  const napi_deferred deferred = job->deferred;
  delete job;
  codec->Unref();
  // Last: it may run JavaScript.
  if (value != nullptr) napi_resolve_deferred(env, deferred, value);
}

void CodecObject::Report(napi_env env) {
  const size_t now = closed_ && busy_ ? reported_ : held();
  if (now == reported_) return;
  int64_t total = 0;
  napi_adjust_external_memory(env, static_cast<int64_t>(now) - static_cast<int64_t>(reported_),
                              &total);
  reported_ = now;
}

napi_value Delivered(napi_env env, CodecResult result, CodecOutput* output) {
  if (result == RESULT_NO_MEMORY) {
    return Throw(env, "ERR_NATIVE_MEMORY", "no memory to compress or decompress with");
  }
  if (result != RESULT_DONE) return Number(env, result);
  if (!output->owned()) return Number(env, static_cast<double>(output->size()));
  return BufferOf(env, output);
}

CodecObject* UnwrapCodec(napi_env env, napi_value self, const napi_type_tag& tag) {
  return UnwrapTagged<CodecObject>(env, self, tag, "not a Deflater or Inflater");
}

CodecObject* UnwrapIdle(napi_env env, napi_value self, const napi_type_tag& tag) {
  CodecObject* codec = UnwrapCodec(env, self, tag);
  if (codec == nullptr) return nullptr;
  if (codec->closed() || codec->busy()) {
    napi_throw_error(env, "ERR_STATE",
                     codec->closed() ? "the Deflater or Inflater is closed"
                                     : "the Deflater or Inflater is at work on a message");
    return nullptr;
  }
  return codec;
}

const Zlib* ZlibForNew(napi_env env, napi_callback_info info) {
  if (!IsCalledWithNew(env, info, "a class: call it with new")) return nullptr;
  const Zlib* zlib = FindZlib();
  if (zlib == nullptr) {
    napi_throw_error(env, "ERR_ZLIB",
                     "this Node.js exports no zlib 1.x, which permessage-deflate is built on");
  }
  return zlib;
}

bool CheckSize(napi_env env, const ByteView& bytes) {
  if (bytes.size <= INT32_MAX) return true;
  ThrowRange(env, "a message may have 2147483647 bytes");
  return false;
}

}  // namespace landspout
