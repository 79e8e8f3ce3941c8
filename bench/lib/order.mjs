// The body of the scenarios "json": an order of 1 KiB, and what its validation has to say of it.
// The servers state the same rules, each in its validator's words.

const order = {
  reference: "ORD-2024-000042",
  customer: {
    name: "Dorothy Gale",
    email: "dorothy@example.com",
    phone: "+1 555 0100",
    address: { street: "Yellow Brick Road 1", city: "Emerald City", country: "OZ" },
  },
  currency: "EUR",
  express: false,
  tags: ["gift", "fragile", "returning"],
  items: Array.from({ length: 6 }, (_, i) => ({
    sku: `SKU-${1000 + i}`,
    title: `Ruby slipper, size ${36 + i}`,
    quantity: i + 1,
    price: 19.5 + i,
  })),
  note: "",
};
const wantedBytes = 1024;
order.note = "n".repeat(wantedBytes - JSON.stringify(order).length);

export const orderText = JSON.stringify(order);

/** What every server answers it with. */
export const receiptText = '{"reference":"ORD-2024-000042","quantity":21}';

/** The same with one number that must not be. */
export const badOrderText = orderText.replace('"quantity":3', '"quantity":0');
