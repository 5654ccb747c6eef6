module "queue" {
  source = "./queue"
  name   = "jobs"
}
