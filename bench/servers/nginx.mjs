// nginx as it is installed, for the static files: its configuration, and how it is started. There
// is nothing to run here by itself; lib/proc.mjs asks.

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

const places = ["nginx", "/usr/sbin/nginx"]; // sbin is not on everybody's PATH

/** Where nginx is, or null. */
export const nginxBinary =
  places.find((place) => spawnSync(place, ["-v"]).error === undefined) ?? null;

/**
 * Writes a configuration and returns the command line that serves it. One process, so that its CPU
 * time is that of the work: what is a worker otherwise is all of it.
 *
 * @param given.folder    a folder of nginx's own
 * @param given.files     the folder that is served under /static/
 * @param given.keepsOpen true: open_file_cache, that is descriptors and stat(2) are kept for 30 s
 */
export function nginxCommand({ folder, files, port, keepsOpen }) {
  for (const name of ["body", "proxy", "fastcgi", "uwsgi", "scgi"]) {
    mkdirSync(path.join(folder, name), { recursive: true });
  }
  const config = path.join(folder, "nginx.conf");
  writeFileSync(
    config,
    `daemon off;
master_process off;
worker_processes 1;
pid ${folder}/pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 75s;
  keepalive_requests 1000000000;
  default_type application/octet-stream;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  ${keepsOpen ? "open_file_cache max=1000 inactive=60s;\n  open_file_cache_valid 30s;" : "open_file_cache off;"}
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location /static/ { alias ${files}/; }
  }
}
`,
  );
  return [nginxBinary, "-e", "stderr", "-p", folder, "-c", config];
}
