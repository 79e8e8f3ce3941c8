/** Uploads to disk: what a handler finds, what is refused, and that no file is left behind whatever happens. */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import type { Exchange } from "../../lib/server/exchange.ts";
import { type UploadedFile, uploadedFiles } from "../../lib/web/uploadedfile.ts";
import { resolveUploads, type UploadOptions } from "../../lib/web/uploadoptions.ts";
import { turns } from "../support/rawclient.ts";
import type { RawResponse } from "../support/rawresponse.ts";
import { loggedErrors } from "../support/servers.ts";
import { END, partOfForm, uploadHead } from "../support/uploadforms.ts";
import {
  eventually,
  serveUploads,
  uploadDirectory,
  uploadSuite,
  uploadsLeft,
} from "../support/uploads.ts";

/** What arrived, as JSON. */
function told({ request }: Exchange): string {
  const files: Record<string, object[]> = {};
  for (const [name, list] of request.files) {
    files[name] = list.map((file) => ({
      fn: file.filename,
      ct: file.contentType,
      size: file.size,
      text: readFileSync(file.path ?? "", "latin1"),
    }));
  }
  return JSON.stringify({ files, args: Object.fromEntries(request.bodyArguments) });
}

async function post(
  body: string,
  options: UploadOptions = {},
  type?: string,
): Promise<RawResponse> {
  const client = await serveUploads(options, told);
  await client.send(uploadHead(body.length, type) + body);
  return client.readFinalResponse();
}

const file = (text: string, name = "f", fields = "") =>
  partOfForm(`name="${name}"; filename="x.txt"`, text, fields);

const taken = uploadSuite("an upload to disk");

taken("has its files on disk and its fields in memory, in order", async () => {
  const body =
    partOfForm('name="a"', "1") +
    file("one", "f", "Content-Type: text/plain\r\n") +
    partOfForm('name="a"', "") +
    file("") +
    partOfForm('name="a"', "\xff\r\n--") +
    END;
  const response = await post(body);
  assert.is(response.status, 200, response.text);
  assert.equal(JSON.parse(response.text), {
    files: {
      f: [
        { fn: "x.txt", ct: "text/plain", size: 3, text: "one" },
        { fn: "x.txt", ct: "application/unknown", size: 0, text: "" },
      ],
    },
    args: { a: ["1", "", "\xff\r\n--"] },
  });
});

taken("may come in pieces cut anywhere", async () => {
  const body = `${partOfForm('name="a"', "\r\n--")}${file("\r\n--\r\n-a\r\n-")}${END}`;
  for (const size of [1, 2, 3, 5]) {
    const client = await serveUploads({}, told);
    await client.send(uploadHead(body.length));
    const pieces: string[] = [];
    for (let at = 0; at < body.length; at += size) pieces.push(body.slice(at, at + size));
    await client.sendPieces(pieces);
    const { args, files } = JSON.parse((await client.readFinalResponse()).text);
    assert.equal(args, { a: ["\r\n--"] });
    assert.is(files.f[0].text, "\r\n--\r\n-a\r\n-");
  }
});

taken("is chunked as well", async () => {
  const client = await serveUploads({}, told);
  const body = file("chunked") + END;
  await client.send(
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n" +
      `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  );
  const { files } = JSON.parse((await client.readFinalResponse()).text);
  assert.is(files.f[0].text, "chunked");
});

taken("is larger than what is kept in memory, and whole", async () => {
  const text = "0123456789abcdef".repeat(500_000);
  const client = await serveUploads({}, ({ request }) => {
    const [got] = uploadedFiles(request, "f");
    return `${got?.size} ${readFileSync(got?.path ?? "", "latin1") === text}`;
  });
  const body = file(text) + END;
  await client.send(uploadHead(body.length) + body);
  assert.is((await client.readFinalResponse()).text, "8000000 true");
});

taken("is readable by its owner alone, under a name that nobody can guess", async () => {
  const client = await serveUploads({}, ({ request }) => {
    const [first, second] = uploadedFiles(request, "f");
    assert.is(path.dirname(first?.path ?? ""), uploadDirectory());
    assert.match(path.basename(first?.path ?? ""), /^landspout-[0-9a-f]{32}$/);
    assert.is.not(first?.path, second?.path);
    return (statSync(first?.path ?? "").mode & 0o777).toString(8);
  });
  const body = file("1") + file("2") + END;
  await client.send(uploadHead(body.length) + body);
  assert.is((await client.readFinalResponse()).text, "600");
});

taken("is of no use as a path that its client chose", async () => {
  const body = `${partOfForm('name="f"; filename="../../evil"', "x")}${END}`;
  const response = await post(body);
  assert.is(JSON.parse(response.text).files.f[0].fn, "../../evil");
});

taken("leaves a body of another type as it is", async () => {
  const client = await serveUploads({}, ({ request }) => request.body.toString());
  await client.send(`${uploadHead(4, "text/plain")}text`);
  assert.is((await client.readFinalResponse()).text, "text");
});

taken.run();

const kept = uploadSuite("an uploaded file");

kept("says how to read it where its bytes are asked for", async () => {
  const client = await serveUploads({}, ({ request }) => {
    const [got] = uploadedFiles(request, "f");
    assert.throws(
      () => got?.body,
      (error: unknown) => error instanceof CodedError && error.code === "ERR_STATE",
    );
    assert.equal(uploadedFiles(request, "g"), []);
    return "ok";
  });
  const body = file("1") + END;
  await client.send(uploadHead(body.length) + body);
  assert.is((await client.readFinalResponse()).text, "ok");
});

kept("stays where it is moved to", async () => {
  const target = path.join(uploadDirectory(), "kept");
  writeFileSync(target, "older");
  const client = await serveUploads({}, async ({ request }) => {
    const [got] = uploadedFiles(request, "f");
    await got?.moveTo(`${target}-first`);
    await got?.moveTo(target);
    return got?.path;
  });
  const body = file("new") + file("other") + END;
  await client.send(uploadHead(body.length) + body);
  assert.is((await client.readFinalResponse()).text, target);
  await eventually("the other is removed", () => uploadsLeft().length === 1);
  assert.is(readFileSync(target, "latin1"), "new");
  rmSync(target);
});

kept("is moved to another file system as well", async () => {
  const target = `/dev/shm/${path.basename(uploadDirectory())}`;
  const client = await serveUploads({}, async ({ request }) => {
    await uploadedFiles(request, "f")[0]?.moveTo(target);
    return readFileSync(target, "latin1");
  });
  const body = file("far") + END;
  await client.send(uploadHead(body.length) + body);
  assert.is((await client.readFinalResponse()).text, "far");
  rmSync(target);
});

kept("is removed if it cannot be moved, and cannot be moved when it is gone", async () => {
  let got: UploadedFile | undefined;
  const client = await serveUploads({}, async ({ request }) => {
    [got] = uploadedFiles(request, "f");
    const failed = await got?.moveTo(path.join(uploadDirectory(), "no", "such")).catch((e) => e);
    return `${failed.code} ${readFileSync(got?.path ?? "", "latin1")}`;
  });
  const body = file("here") + END;
  await client.send(uploadHead(body.length) + body);
  assert.is((await client.readFinalResponse()).text, "ENOENT here");
  await eventually("it is removed", () => uploadsLeft().length === 0);
  const late = await got?.moveTo(path.join(uploadDirectory(), "late")).catch((e) => e);
  assert.is(late.code, "ERR_STATE");
});

kept("is removed when the process exits", () => {
  const module = fileURLToPath(new URL("../../lib/web/uploadedfile.js", import.meta.url));
  const script = `
    import { writeFileSync } from "node:fs";
    import { UploadedFile } from ${JSON.stringify(module)};
    const file = new UploadedFile({ filename: "x", contentType: "y" }, ${JSON.stringify(uploadDirectory())});
    writeFileSync(file.path, "x");
    process.exit(0);`;
  execFileSync(process.execPath, ["--input-type=module", "-e", script]);
  assert.equal(uploadsLeft(), []);
});

kept.run();

const refused = uploadSuite("an upload is refused, and leaves no file behind,");

async function isRefused(status: number, body: string, options: UploadOptions = {}, type?: string) {
  const response = await post(body, options, type);
  assert.is(response.status, status, `${JSON.stringify(body.slice(0, 200))}: ${response.text}`);
  await eventually("no file was left", () => uploadsLeft().length === 0);
}

refused("if it has no boundary, the wrong one, or one that is too long", async () => {
  const body = file("v") + END;
  await isRefused(400, body, {}, "multipart/form-data");
  await isRefused(400, body, {}, "multipart/form-data; boundary=c");
  await isRefused(400, body, {}, `multipart/form-data; boundary=${"b".repeat(71)}`);
});

refused("if it is malformed", async () => {
  const wrong = [
    `preamble\r\n${file("v")}${END}`,
    file("v"),
    `${file("v")}--b-`,
    file("v").slice(0, -2) + END,
    `${file("v")}--bb\r\n\r\n\r\n${END}`,
    `${file("v")}--b\r\nContent-Disposition: form-data; name=a\r\n${END}`,
    `${file("v")}--b\r\nX: y\r\n\r\nv\r\n${END}`,
    `${file("v")}${partOfForm('filename="a"')}${END}`,
    `${file("v")}${partOfForm('name="a')}${END}`,
    `${file("v")}${partOfForm('name="a"', "v", "Content-Disposition: form-data; name=b\r\n")}${END}`,
    `${file("v")}${partOfForm('name="a\rb"')}${END}`,
    `${file("v")}${partOfForm('name="a\0b"')}${END}`,
    `${file("v")}${partOfForm('name="a"', "v", "X Y: z\r\n")}${END}`,
  ];
  for (const body of wrong) await isRefused(400, body);
});

refused("over a limit, not at it", async () => {
  const limits: [UploadOptions, string, string, number][] = [
    [{ maxFileBytes: 3 }, file("abc"), file("abcd"), 413],
    [{ maxFieldBytes: 3 }, partOfForm('name="a"', "abc"), partOfForm('name="a"', "abcd"), 413],
    [
      { maxFieldsBytes: 2 },
      partOfForm('name="a"').repeat(2),
      partOfForm('name="a"').repeat(3),
      413,
    ],
    [{ maxParts: 2 }, file("v").repeat(2), file("v").repeat(3), 400],
    [{ maxFiles: 1 }, file("v") + partOfForm('name="a"'), file("v").repeat(2), 400],
    [{ maxFiles: 0 }, partOfForm('name="a"'), file("v"), 400],
    [{ maxBodyBytes: file("v").length + END.length }, file("v"), file("vv"), 413],
  ];
  for (const [options, at, over, status] of limits) {
    assert.is((await post(at + END, options)).status, 200, JSON.stringify(options));
    await isRefused(status, over + END, options);
  }
});

refused("with a part header over maxPartHeaderBytes", async () => {
  const sized = (bytes: number) => {
    const line = 'Content-Disposition: form-data; name="x"\r\nX: ';
    return `--b\r\n${line}${"a".repeat(bytes - line.length)}\r\n\r\nv\r\n${END}`;
  };
  for (const bytes of [10_239, 10_240]) assert.is((await post(sized(bytes))).status, 200);
  for (const bytes of [10_241, 30_000, 300_000]) await isRefused(400, sized(bytes));
});

refused("with a Content-Encoding that nobody decodes", async () => {
  const client = await serveUploads({});
  const body = file("v") + END;
  await client.send(
    uploadHead(body.length).replace("Host", "Content-Encoding: gzip\r\nHost") + body,
  );
  assert.is((await client.readFinalResponse()).status, 400);
});

refused("of many parts, early", async () => {
  const start = process.cpuUsage();
  await isRefused(400, partOfForm("name=a").repeat(10_000));
  await isRefused(400, "--b\r\n\r\n\r\n".repeat(50_000));
  const { user } = process.cpuUsage(start);
  assert.ok(user < 4_000_000, `${user} µs`);
});

refused("when its client goes away half-way", async () => {
  for (const body of [file("v").slice(0, 20), file("v").slice(0, -2), `${file("v")}--b\r\n`]) {
    const client = await serveUploads({}, () => assert.unreachable());
    await client.send(uploadHead(100_000) + body);
    if (body.length > 20) await eventually("a file was begun", () => uploadsLeft().length === 1);
    client.abort();
    await eventually("no file was left", () => uploadsLeft().length === 0);
  }
});

refused("when the file cannot be made: the connection ends, the error is logged", async () => {
  const client = await serveUploads({ directory: path.join(uploadDirectory(), "missing") });
  const body = file("v") + END;
  await client.send(uploadHead(body.length) + body);
  await client.gone();
  assert.match(String(loggedErrors()[0]?.error), /ENOENT/);
});

refused("in any broken form, and answered always", async () => {
  const whole = `${partOfForm('name="a"', "1")}${file("22")}${file("")}${END}`;
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let round = 0; round < 150; round++) {
    const bytes = [...whole];
    for (let i = 0; i <= random(3); i++)
      bytes.splice(random(bytes.length), random(4), ...["\r", "\n", "-", "b", ""][random(5)]!);
    const body = bytes.join("").slice(0, random(4) === 0 ? random(whole.length) : undefined);
    const client = await serveUploads({}, told);
    await client.send(uploadHead(body.length) + body.slice(0, 40));
    await turns(random(3));
    await client.send(body.slice(40));
    const { status, text } = await client.readFinalResponse();
    assert.ok(status === 200 || status === 400, `${status} ${text} for ${JSON.stringify(body)}`);
    client.destroy();
  }
});

refused.run();

const options = suite("upload options");

options("are checked", () => {
  for (const wrong of [{ maxFileByte: 1 }, { maxParts: 0 }, { directory: 1 }, { maxFiles: -1 }]) {
    assert.throws(
      () => resolveUploads(wrong as UploadOptions),
      (error: unknown) => error instanceof CodedError && /OPTION/.test(error.code),
    );
  }
  assert.is(resolveUploads({}).maxParts, 100);
});

options.run();
