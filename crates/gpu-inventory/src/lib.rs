//! The GPUs of a machine as NVML reports them, or as a description gives them
