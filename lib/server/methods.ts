/** Request methods as the server numbers them, for those above who must not know the addon. */
export { hashPath, METHOD_GET, METHOD_OTHER, methodNames } from "../native/addon.ts";
