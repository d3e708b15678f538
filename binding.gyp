{
  "targets": [
    {
      "target_name": "spillway",
      "sources": [
        "src/accept_queue/http_head.cc",
        "src/accept_queue/lingering_closes.cc",
        "src/accept_queue/path_patterns.cc",
        "src/accept_queue/spill.cc",
        "src/admission/admission_controller.cc",
        "src/admission/no_load_baseline.cc",
        "src/admission/class_limit.cc",
        "src/admission/crowd.cc",
        "src/admission/dry_run.cc",
        "src/admission/queue_detector.cc",
        "src/admission/queue_delay.cc",
        "src/binding/addon.cc",
        "src/binding/call.cc",
        "src/binding/concurrency.cc",
        "src/binding/controller.cc",
        "src/binding/environment.cc",
        "src/binding/loop_delay.cc",
        "src/binding/object.cc",
        "src/binding/pool_probe.cc",
        "src/binding/spill.cc",
        "src/concurrency/concurrency_limit.cc",
        "src/concurrency/response_probe.cc",
        "src/loop/loop_monitor.cc",
        "src/loop/loop_stats.cc",
        "src/loop/pool_probe.cc",
        "src/loop/turn_window.cc",
        "src/loop/turns.cc"
      ],
      "include_dirs": ["src", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": [
        "NAPI_VERSION=8",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
        "NODE_ADDON_API_ENABLE_MAYBE",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "cflags_cc": ["-std=c++17", "-Wall", "-Wextra", "-fvisibility=hidden", "-fstack-protector-strong"],
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
        "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
        "MACOSX_DEPLOYMENT_TARGET": "11.0"
      },
      "msvs_settings": {
        "VCCLCompilerTool": {"AdditionalOptions": ["/std:c++17"]}
      },
      "configurations": {
        "Release": {
          "cflags_cc": ["-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2", "-O2", "-ffunction-sections", "-fdata-sections"]
        }
      },
      "conditions": [
        [
          "OS=='linux'",
          {
            "sources": ["src/os/early_socket_linux.cc", "src/os/run_queue_linux.cc", "src/os/socket_queue_linux.cc"],
            "ldflags": ["-Wl,-z,relro,-z,now", "-Wl,--gc-sections"]
          },
          {"sources": ["src/os/early_socket_other.cc", "src/os/run_queue_other.cc", "src/os/socket_queue_other.cc"]}
        ]
      ]
    }
  ]
}
