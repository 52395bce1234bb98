// A program on a client that is generated from the document of `etelecom openapi`; tests/e2e/test_openapi.py runs it.
import createClient from "openapi-fetch";
import type { paths } from "./etelecom.js";

declare const process: { argv: string[] };
const [baseUrl, key, oaId, phone] = process.argv.slice(2) as [string, string, string, string];
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });

const asked = await client.POST("/v1/shop.Zalo/CheckConsent", { body: { oa_id: oaId, phone } });
const consent: number | null | undefined = asked.data?.error;

const refused = await client.POST("/v1/shop.Zalo/CheckConsent", { body: { oa_id: "7", phone } });
const code: string | null | undefined = refused.error?.code;

const uploaded = await client.POST("/v1/shop.OA/UploadFile", {
  body: { oa_id: oaId, type: "image", file: "the bytes" },
  bodySerializer(body) {
    const form = new FormData();
    form.set("oa_id", body.oa_id);
    form.set("type", body.type);
    form.set("file", new Blob([body.file]), 'ảnh "1".jpg');
    return form;
  },
});
const token: string | null | undefined = uploaded.data?.token;

// These do not compile: a number would lose digits of the id, a field is missing, there is no such method.
const neverCalled = () => [
  // @ts-expect-error
  client.POST("/v1/shop.Zalo/CheckConsent", { body: { oa_id: 7, phone } }),
  // @ts-expect-error
  client.POST("/v1/shop.Zalo/CheckConsent", { body: { oa_id: oaId } }),
  // @ts-expect-error
  client.POST("/v1/shop.Zalo/NoSuchMethod", { body: {} }),
];

console.log(JSON.stringify({ consent, status: refused.response.status, code, token, known: typeof neverCalled }));
