resource "terraform_data" "queue" {
  input            = { name = "jobs-v2", url = "https://queue.example/jobs" }
  triggers_replace = ["v2", { region = "ca-central-1" }]
}
