/**
 * landspout/testing: what tests of an application need. It stands beside the package's main entry, so that a server never
 * loads it.
 */
export { AsyncHTTPTestCase } from "./asynchttptestcase.ts";
export {
  type CapturedLog,
  type CaptureLogOptions,
  captureLog,
  type ExpectedLog,
  type ExpectLogOptions,
  expectLog,
} from "./expectlog.ts";
export { type FakeClock, fakeClock } from "./fakeclock.ts";
export {
  type InjectConnectionOptions,
  type InjectedStream,
  inject,
  injectConnection,
  injectStream,
} from "./inject.ts";
export type { InjectedCookie, InjectedHead, InjectedResponse } from "./injectedresponse.ts";
export type { InjectBody, InjectRequest, RequestCookies } from "./injectrequest.ts";
export { type InjectWebSocketOptions, injectWebSocket } from "./injectwebsocket.ts";
export type { LineLevel, LogLine } from "./logtap.ts";
export { closeInjected, type InjectTarget } from "./memoryserver.ts";
export {
  runTestCase,
  type TestCase,
  type TestCaseClass,
  type TestCaseOptions,
  type TestRunner,
} from "./runtestcase.ts";
export { serve, type TestServer } from "./serve.ts";
