resource "terraform_data" "queue" {
  input            = { name = "jobs", url = "https://queue.example/jobs" }
  triggers_replace = ["v1", { region = "ca-central-1" }]
}
