// GET /healthz: for load balancers and containers.
import { RequestHandler } from "landspout";

export class Health extends RequestHandler {
  get() {
    this.write("ok");
  }
}
