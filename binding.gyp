{
  "targets": [
    {
      "target_name": "spillway",
      "sources": ["src/addon.cc", "src/admission_binding.cc", "src/admission.cc", "src/queue_delay.cc", "src/class_limit.cc", "src/baseline.cc", "src/evidence.cc"],
      "include_dirs": ["<!@(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS"],
      "cflags_cc": ["-std=c++17", "-Wall", "-Wextra", "-fvisibility=hidden"]
    }
  ]
}
