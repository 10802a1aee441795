/** The least a receiver can do: verify the signature, INSERT with `pg`, answer. The baseline of the saturation figure. */
import { createServer } from "node:http"
import { Webhooks } from "@octokit/webhooks"
import { Pool } from "pg"

const pool = new Pool({ connectionString: process.env["DATABASE_URL"], max: 10 })
await pool.query(`CREATE TABLE IF NOT EXISTS delivery (
  id BIGSERIAL PRIMARY KEY, app_id BIGINT NOT NULL, guid TEXT NOT NULL, event TEXT NOT NULL, payload TEXT,
  received_at TIMESTAMPTZ(3) NOT NULL, drained_at TIMESTAMPTZ(3), outcome TEXT)`)
await pool.query("CREATE UNIQUE INDEX IF NOT EXISTS delivery_key ON delivery (app_id, guid)")
await pool.query("CREATE INDEX IF NOT EXISTS delivery_drained ON delivery (drained_at, id)")
const webhooks = new Webhooks({ secret: process.env["WEBHOOK_SECRET"] ?? "" })

createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString("utf8")
    const header = (name: string): string => String(request.headers[name] ?? "")
    const store = async (): Promise<void> => {
      if (!(await webhooks.verify(body, header("x-hub-signature-256")))) {
        response.writeHead(401).end()
        return
      }
      await pool.query({
        name: "insert",
        text: `INSERT INTO delivery (app_id, guid, event, payload, received_at) VALUES ($1, $2, $3, $4, $5)
          ON CONFLICT (app_id, guid) DO NOTHING`,
        values: [1, header("x-github-delivery"), header("x-github-event"), body, new Date()],
      })
      response.writeHead(200).end()
    }
    store().catch(() => response.writeHead(500).end())
  })
}).listen(Number(process.env["PORT"]), "127.0.0.1", () => process.stdout.write("listening\n"))
