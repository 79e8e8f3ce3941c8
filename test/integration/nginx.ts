/**
 * Debian's nginx in front of a server under test: a master and a worker in a folder of its own, on a port of the kernel's choice.
 *
 * The listening socket is made here and inherited (NGINX, nginx's way to hand sockets to a new binary), so that there is no
 * moment at which somebody else could take the port. (It takes a master: nginx of one process only crashes on inherited ones.)
 */
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { bindSockets } from "../../lib/index.ts";
import { endProgram, startProgram } from "./programs.ts";

export interface NginxOptions {
  /** What nginx says that the client spoke, as if TLS had ended there. Default: what it did speak. */
  readonly scheme?: string;
  /** Whether it takes a whole request, and a whole response, before it passes either on. Default false. */
  readonly isBuffering?: boolean;
}

const running = new Set<Nginx>();

export class Nginx {
  readonly port: number;
  readonly folder = mkdtempSync(path.join(tmpdir(), "landspout-nginx-"));
  readonly #child: ChildProcess;

  /** @param upstream as nginx writes it: "127.0.0.1:8888", "unix:/run/app" */
  constructor(upstream: string, options: NginxOptions = {}) {
    const [socket] = bindSockets(0, "127.0.0.1");
    if (socket === undefined || "path" in socket.address) throw new Error("no socket for nginx");
    this.port = socket.address.port;
    const file = path.join(this.folder, "nginx.conf");
    writeFileSync(file, configuration(this.folder, this.port, upstream, options));
    const args = ["-p", this.folder, "-c", file, "-e", "error.log"];
    this.#child = startProgram("nginx", args, { env: { NGINX: "3;" }, fds: [socket.fd] });
    this.#child.stderr?.resume();
    socket.close();
    running.add(this);
  }

  get base(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The lines of its error log of the level "warn" and up. */
  get complaints(): string[] {
    const text = readFileSync(path.join(this.folder, "error.log"), "utf8");
    return text.split("\n").filter((line) => /\[(warn|error|crit|alert|emerg)\]/.test(line));
  }

  async stop(): Promise<void> {
    running.delete(this);
    await endProgram(this.#child);
    rmSync(this.folder, { recursive: true });
  }
}

/** For after each test. */
export async function stopNginxes(): Promise<void> {
  for (const nginx of [...running]) await nginx.stop();
}

function configuration(
  folder: string,
  port: number,
  upstream: string,
  { scheme = "$scheme", isBuffering = false }: NginxOptions,
): string {
  const buffering = isBuffering ? "on" : "off";
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${folder}/${name};`)
    .join("\n");
  return `
${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log notice;
worker_rlimit_nofile 1024;
events { worker_connections 512; }
http {
  access_log off;
${temporary}
  upstream app {
    server ${upstream};
    keepalive 8;
  }
  map $http_upgrade $connection_for_app {
    default upgrade;
    "" "";
  }
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 256m;
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_buffering ${buffering};
      proxy_request_buffering ${buffering};
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto ${scheme};
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_for_app;
    }
  }
}
`;
}
