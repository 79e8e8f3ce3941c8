// GET /api/greeting/:name answers JSON.
import { type PathParams, RequestHandler } from "landspout";

export class Greeting extends RequestHandler {
  get({ name }: PathParams<"/api/greeting/:name">) {
    this.write({ greeting: `Hello, ${name}` });
  }
}
