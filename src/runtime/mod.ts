/**
 * The runtime's boundary: devices, sessions, tensors and typed errors over onnxruntime.
 *
 * @module
 */
export { type AdapterInfo, findAdapter } from "./adapter.ts";
export {
  chooseDevice,
  DEVICE_REQUESTS,
  type DeviceChoice,
  type DeviceRequest,
  type PassedOver,
  type Provider,
  resolveDevice,
} from "./device.ts";
export { type DeviceFacts, listDevices } from "./list_devices.ts";
export { DeviceError, ModelError, RunError } from "./errors.ts";
export { configureRuntime, type Device, type RuntimeFiles, threadsInUse } from "./ort.ts";
export { openSession, type Session, type SessionOptions } from "./session.ts";
export {
  type DeviceTensor,
  float32Data,
  float32Tensor,
  int64Tensor,
  isDeviceTensor,
  type Tensor,
  type TensorData,
} from "./tensor.ts";
