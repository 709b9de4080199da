// A day of an agency through the generated client. It is compiled, not run: if the document lost a field, a value or an answer that stands
// here, this file would not compile.

import createClient from "openapi-fetch";
import type { components, paths } from "./posthouse.js";

type Of<Name extends keyof components["schemas"]> = components["schemas"][Name];

const api = createClient<paths>({
  baseUrl: "http://127.0.0.1:7300",
  headers: { Authorization: "Bearer KEY" },
});

/** What a problem says; every error of every call is one. */
function refused(problem: Of<"Problem">): never {
  throw new Error(`${problem.status} ${problem.code}: ${problem.detail}`);
}

async function tell(phone: string): Promise<number> {
  const { data, error } = await api.POST("/api/v1/events", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: {
      events: [
        {
          source: "shop",
          external_id: "B-1024",
          type: "booking.confirmed",
          occurred_at: "2026-01-15T10:30:00+08:00",
          customer: {
            identities: [{ kind: "phone", value: phone }],
            preferences: { destination: ["Kyoto", "Yunnan"], budget: { value: 3_000_000, source_kind: "declared" }, pace: null },
          },
          data: { destination: "Kyoto", travellers: 4, amount: 3_280_000 },
        },
      ],
    },
  });
  if (error) refused(error);
  for (const rejected of data.rejected) console.error(rejected.index, rejected.code);
  return data.accepted;
}

async function* everyone(segment: string): AsyncGenerator<Of<"CustomerSummary">> {
  let cursor: string | null = null;
  do {
    const query: { segment: string[]; limit: number; cursor?: string } = { segment: [segment], limit: 100 };
    if (cursor !== null) query.cursor = cursor;
    const { data, error } = await api.GET("/api/v1/customers", { params: { query } });
    if (error) refused(error);
    yield* data.items;
    // always there, and null on the last page
    cursor = data.next;
  } while (cursor !== null);
}

async function price(customer: string): Promise<string> {
  const { data: quote, error } = await api.POST("/api/v1/quotes", {
    body: {
      customer_id: customer,
      channel: "app",
      lines: [{ sku: "YN-7", kind: "tour", travellers: 2, unit_price: 498_000, quantity: 2 }],
    },
  });
  if (error) refused(error);
  const words: Record<Of<"QuoteState">, string> = { open: "held", confirmed: "sold", released: "given up", expired: "too late" };
  const why = quote.trace.filter((campaign) => campaign.code !== "applied").map((campaign) => campaign.text["zh-CN"]);
  return `${words[quote.state]}: ${quote.price} of ${quote.list_price}; ${why.join("; ")}`;
}

async function rules(): Promise<string[]> {
  const { data, error } = await api.GET("/api/v1/plugins", { params: { query: { limit: 10 } } });
  if (error) refused(error);
  return data.items.map((plugin) => {
    const reads = plugin.facts.map((fact) => `${fact.key}: ${fact.kind}`).join(", ");
    const tried = plugin.self_test;
    // by what a rule of the extension point is asked about
    const fuel = "fuel_per_row" in tried ? tried.fuel_per_row : "fuel_per_line" in tried ? tried.fuel_per_line : tried.fuel_per_call;
    return `${plugin.title.en} (${plugin.extension_point}) reads ${reads}; fuel ${fuel}`;
  });
}

async function due(): Promise<Of<"Task">[]> {
  const { data, error } = await api.GET("/api/v1/tasks", { params: { query: { state: "overdue", mine: true } } });
  if (error) refused(error);
  return data.items;
}

async function start(id: string, etag: string): Promise<Of<"CampaignState">> {
  const { data, error } = await api.POST("/api/v1/campaigns/{id}/start", {
    params: { path: { id }, header: { "If-Match": etag } },
    body: { note: "Everybody is trained" },
  });
  if (error) refused(error);
  return data.state;
}

/** What must not compile: values that are none, and fields that are not there. */
export async function wrong(): Promise<void> {
  // @ts-expect-error no scope has this name
  await api.POST("/api/v1/keys", { body: { name: "shop", scopes: ["everything"] } });
  // @ts-expect-error no campaign has this state
  await api.GET("/api/v1/campaigns", { params: { query: { state: "asleep" } } });
  const { data } = await api.GET("/api/v1/agency");
  // @ts-expect-error an agency has no colour
  console.log(data?.colour);
}

console.log(await tell("138 0013 8000"), await rules(), await due(), await start("spring-2026", '"3"'));
for await (const customer of everyone("rfm.champions")) console.log(customer.label, await price(customer.id));
