# syntax=docker/dockerfile:1

# One container: the server, and by default its embedded database on the volume /data.
# With DATABASE_URL it keeps nothing and may run in any number.
#
# No container engine was at hand when this was written: its steps were run by hand in an empty folder instead, as an
# unprivileged user on Node 24.21 (both installs, start on an empty /data and again on the same, the health check up and
# down, a signed and a forged webhook, SIGTERM: stopped in 0.3 s with exit code 0).

FROM node:24-slim AS base
WORKDIR /app

# Everything, to generate the database client. Nothing is compiled: Node runs TypeScript as it is.
FROM base AS build
COPY package.json package-lock.json .npmrc prisma.config.ts ./
COPY prisma ./prisma
RUN npm ci

FROM base AS production
ENV NODE_ENV=production
COPY package.json package-lock.json .npmrc ./
# Optional packages are the peers of build tools, half of the size; nothing here imports them.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force
# app.yml is read by the page that registers a new app; migrations are applied at start.
COPY app.yml LICENSE ./
COPY prisma ./prisma
COPY src ./src
COPY --from=build /app/src/generated ./src/generated
RUN install -d -o node -g node /data
USER node
ENV HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node itself, not npm: it must get the SIGTERM that ends a container.
# The heap's limits are those of `npm start`: without them V8 takes 460 MB for what fits in 210 (docs/performance.md).
CMD ["node", "--max-semi-space-size=2", "--max-old-space-size=320", "src/main.ts"]
