-- The newest deployments to an environment are looked up with every look at a pull request whose branch asks for one;
-- a repository that deploys every pull request has thousands.
CREATE INDEX "fact_deployment_idx" ON "fact"("repository_id", lower("data" ->> 'environment'), (("data" ->> 'id')::bigint) DESC)
  WHERE "kind" = 'deployment';
