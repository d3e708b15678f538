{
  "targets": [
    {
      "target_name": "spillway",
      "sources": [
        "accept_queue/http_head.cc",
        "accept_queue/lingering_closes.cc",
        "accept_queue/path_patterns.cc",
        "accept_queue/spill.cc",
        "admission/admission_controller.cc",
        "admission/no_load_baseline.cc",
        "admission/class_limit.cc",
        "admission/crowd.cc",
        "admission/dry_run.cc",
        "admission/queue_detector.cc",
        "admission/queue_delay.cc",
        "binding/addon.cc",
        "binding/concurrency.cc",
        "binding/controller.cc",
        "binding/loop_delay.cc",
        "binding/pool_probe.cc",
        "binding/spill.cc",
        "concurrency/concurrency_limit.cc",
        "concurrency/response_probe.cc",
        "loop/loop_monitor.cc",
        "loop/loop_stats.cc",
        "loop/pool_probe.cc",
        "loop/turn_window.cc"
      ],
      "include_dirs": ["."],
      "defines": ["NAPI_VERSION=8"],
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
        "Release": {"cflags_cc": ["-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"]}
      },
      "conditions": [
        [
          "OS=='linux'",
          {
            "sources": ["os/early_socket_linux.cc", "os/run_queue_linux.cc", "os/socket_queue_linux.cc"],
            "ldflags": ["-Wl,-z,relro,-z,now"]
          },
          {"sources": ["os/early_socket_other.cc", "os/run_queue_other.cc", "os/socket_queue_other.cc"]}
        ]
      ]
    },
    {
      "target_name": "copy_to_root",
      "type": "none",
      "dependencies": ["spillway"],
      "copies": [{"files": ["<(PRODUCT_DIR)/spillway.node"], "destination": "<(module_root_dir)/../build/<(CONFIGURATION_NAME)"}]
    }
  ]
}
