/**
 * Every public name of Tornado's web, routing, httputil, escape and locale is there under its camelCase name, or stands
 * here with what takes its place:
 *
 *     Application()(request)                               Application is a target itself: an HTTPServer's, a route's
 *     RuleRouter.getTargetDelegate, Router.startRequest    a router finds, Application starts: a route is found without
 *                                                          an object of its own per request
 *     HTTPOutputError                                      CodedError ERR_HTTP_BODY_LENGTH, ERR_HTTP_BODY_FORBIDDEN: one
 *                                                          class of errors, told apart by code, is the rule here
 *     HTTPFile, HTTPConnection, HTTPMessageDelegate, HTTPServerConnectionDelegate, OutputTransform    types only: what
 *                                                          has the methods is one, no base class is needed
 *     GZipContentEncoding                                  the setting compressResponse, with more codings; as a transform
 *                                                          to be added by hand it would compress twice beside that
 *     HTTPServerRequest.serverConnection                   Python's plumbing; `connection` answers, `remoteIp` and
 *                                                          `protocol` say what the connection knew
 *     HTTPServerRequest.getSslCertificate                  TLS ends at the proxy, which can put the certificate's subject
 *                                                          into a field
 *     HTTP1Connection.setBodyTimeout                       setBodyTimeoutMs of the handler: the unit differs
 *     locale.get                                           getLocale() is its name here, as of all functions called get
 *     setting autoreload                                   accepted, and answered by a line that names `npx landspout dev`
 *     setting gzip                                         deprecated there; refused here with the right name
 *     settings of tornado.auth                             with tornado.auth
 *     nativeStr, toBasestring, doctests, initialize of HTTPServer, configurableBase, configurableDefault    Python 2, Configurable
 *     httpserver: sslOptions, maxBufferSize, idleConnectionTimeout    no TLS; no read buffer; keepAliveTimeoutMs and headTimeoutMs
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { httpServerOptions } from "../../lib/server/httpserveroptions.ts";
import { applicationSettings } from "../../lib/web/applicationsettings.ts";
import * as landspout from "../../lib/index.ts";

const exported = landspout as unknown as Readonly<Record<string, unknown>>;

/** Names that are exported. */
const names: Readonly<Record<string, string>> = {
  web:
    "Application RequestHandler ErrorHandler RedirectHandler FallbackHandler StaticFileHandler " +
    "UIModule TemplateModule HTTPError MissingArgumentError Finish URLSpec url authenticated addslash " +
    "removeslash streamRequestBody createSignedValue decodeSignedValue getSignatureKeyVersion isAbsolute " +
    "MIN_SUPPORTED_SIGNED_VALUE_VERSION MAX_SUPPORTED_SIGNED_VALUE_VERSION DEFAULT_SIGNED_VALUE_VERSION " +
    "DEFAULT_SIGNED_VALUE_MIN_VERSION",
  routing:
    "Router ReversibleRouter RuleRouter ReversibleRuleRouter Rule Matcher AnyMatches HostMatches " +
    "DefaultHostMatches PathMatches URLSpec",
  httputil:
    "HTTPHeaders HTTPServerRequest ParseBodyConfig ParseMultipartConfig ParseUrlEncodedConfig HTTPInputError " +
    "RequestStartLine ResponseStartLine urlConcat parseBodyArguments parseMultipartFormData " +
    "setParseBodyConfig formatTimestamp parseRequestStartLine parseResponseStartLine encodeUsernamePassword " +
    "splitHostAndPort qsToQsl parseCookie",
  escape:
    "xhtmlEscape xhtmlUnescape jsonEncode jsonDecode squeeze urlEscape urlUnescape parseQsBytes utf8 toUnicode " +
    "recursiveUnicode linkify",
  locale:
    "Locale CSVLocale GettextLocale getLocale setDefaultLocale loadTranslations loadGettextTranslations " +
    "getSupportedLocales",
};

/** Members of instances, by class. */
const members: Readonly<Record<string, string>> = {
  RequestHandler:
    "request cookies settings ui initialize head get post delete patch put options prepare onFinish " +
    "onConnectionClose setDefaultHeaders dataReceived logException writeError getCurrentUser getLoginUrl " +
    "getUserLocale getTemplatePath getTemplateNamespace createTemplateLoader decodeArgument computeEtag " +
    "checkXsrfCookie getArgument getArguments getQueryArgument getQueryArguments getBodyArgument " +
    "getBodyArguments clear setStatus getStatus setHeader addHeader clearHeader write flush finish redirect " +
    "sendError detach render renderString renderLinkedJs renderEmbedJs renderLinkedCss renderEmbedCss " +
    "setEtagHeader checkEtagHeader getCookie setCookie clearCookie clearAllCookies createSignedValue " +
    "setSignedCookie setSecureCookie getSignedCookie getSecureCookie getSignedCookieKeyVersion " +
    "getSecureCookieKeyVersion xsrfToken xsrfFormHtml staticUrl reverseUrl requireSetting locale " +
    "getBrowserLocale currentUser setMaxBodySize",
  StaticFileHandler:
    "head get parseUrlPath validateAbsolutePath getContentSize getModifiedTime getContentType setHeaders " +
    "setExtraHeaders getCacheTime shouldReturn304 computeEtag",
  UIModule:
    "render embeddedJavascript javascriptFiles embeddedCss cssFiles htmlHead htmlBody renderString currentUser",
  TemplateModule: "render",
  Application:
    "listen addHandlers addTransform findHandler getHandlerDelegate reverseUrl logRequest",
  RuleRouter: "addRules processRule findHandler",
  ReversibleRuleRouter: "processRule reverseUrl",
  Rule: "reverse",
  Matcher: "reverse",
  AnyMatches: "match",
  HostMatches: "match",
  DefaultHostMatches: "match",
  PathMatches: "match reverse",
  HTTPHeaders: "add getList getAll parseLine copy",
  HTTPServerRequest:
    "method uri path query version headers body remoteIp protocol host hostName arguments queryArguments " +
    "bodyArguments files connection cookies fullUrl requestTime",
  HTTPError: "getMessage",
  Locale: "translate pgettext formatDate formatDay list friendlyNumber",
};

/** Members of the classes themselves. */
const statics: Readonly<Record<string, string>> = {
  RequestHandler: "SUPPORTED_METHODS",
  StaticFileHandler:
    "getAbsolutePath getContent getContentVersion makeStaticUrl getVersion reset CACHE_MAX_AGE",
  HTTPHeaders: "parse",
  Locale: "getClosest get",
};

/** Settings of Application. */
const settings =
  "debug defaultHandlerClass defaultHandlerArgs compressResponse logFunction serveTraceback uiModules uiMethods " +
  "websocketPingIntervalMs websocketPingTimeoutMs websocketMaxMessageBytes cookieSecret keyVersion loginUrl " +
  "xsrfCookies xsrfCookieVersion xsrfCookieKwargs xsrfCookieName autoescape compiledTemplateCache templatePath " +
  "templateLoader templateWhitespace staticHashCache staticPath staticUrlPrefix staticHandlerClass " +
  "staticHandlerArgs crossOriginProtection";

/** Options of HTTPServer. */
const serverOptions =
  "noKeepAlive xheaders trustedDownstream protocol decompressRequest chunkBytes maxHeaderBytes " +
  "keepAliveTimeoutMs headTimeoutMs bodyTimeoutMs maxBodyBytes";

const t = suite("names of Tornado");

for (const [module, list] of Object.entries(names)) {
  t(`of ${module} are exported`, () => {
    assert.equal(
      missing(list, (name) => name in exported),
      [],
    );
  });
}

for (const [name, list] of Object.entries(members)) {
  t(`of ${name} are there`, () => {
    const { prototype } = exported[name] as { readonly prototype: object };
    assert.equal(
      missing(list, (member) => member in prototype),
      [],
    );
  });
}

for (const [name, list] of Object.entries(statics)) {
  t(`of the class ${name} are there`, () => {
    assert.equal(
      missing(list, (member) => member in (exported[name] as object)),
      [],
    );
  });
}

t("of settings and options are there", () => {
  assert.equal(
    missing(settings, (name) => name in applicationSettings),
    [],
  );
  assert.equal(
    missing(serverOptions, (name) => name in httpServerOptions),
    [],
  );
});

function missing(list: string, isThere: (name: string) => boolean): string[] {
  return list.split(" ").filter((name) => !isThere(name));
}

t.run();
