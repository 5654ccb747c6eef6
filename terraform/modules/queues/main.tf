data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  dead_letter_retention_seconds = 1209600 # 14 days, the most that SQS has
  oldest_message_seconds        = 900     # waiting for longer means that the bot does not receive

  # A queue's own ARN is known only after it is made; with a policy of its own resource there would be a time without
  # it. The policy names the tenant: SQS gives an existing queue to anyone who asks for it with the same attributes, and
  # so a second tenant that takes the first one's name is refused instead of adopting its queue.
  account    = data.aws_caller_identity.current.account_id
  arn_prefix = "arn:${data.aws_partition.current.partition}:sqs:${var.region}:${local.account}"
  tls_only = { for name in flatten([for name in values(var.names) : [name, "${name}-dlq"]]) : name => jsonencode({
    Version = "2012-10-17"
    Id      = var.project
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = "${local.arn_prefix}:${name}"
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  }) }
}

resource "aws_sqs_queue" "dead_letter" {
  for_each = var.names

  name                      = "${each.value}-dlq"
  message_retention_seconds = local.dead_letter_retention_seconds
  policy                    = local.tls_only["${each.value}-dlq"]
  sqs_managed_sse_enabled   = true

  redrive_allow_policy = var.restrict_dead_letters ? jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = ["${local.arn_prefix}:${each.value}"]
  }) : null

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_sqs_queue" "source" {
  for_each = var.names

  name                       = each.value
  message_retention_seconds  = var.retention_seconds
  visibility_timeout_seconds = var.visibility_seconds
  receive_wait_time_seconds  = 20
  policy                     = local.tls_only[each.value]
  sqs_managed_sse_enabled    = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letter[each.key].arn
    maxReceiveCount     = 3
  })

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  for_each = var.names

  alarm_name          = "${each.value}-dlq-depth"
  alarm_description   = "Messages of ${each.value} failed three times. Look at them: docs/runbooks/dead-letters.md."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letter[each.key].name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching" # SQS reports nothing of a queue that is not used
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "oldest_message" {
  for_each = var.names

  alarm_name          = "${each.value}-oldest-message"
  alarm_description   = "The oldest message of ${each.value} waits too long: does the bot run?"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = aws_sqs_queue.source[each.key].name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = local.oldest_message_seconds
  period              = 60
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
}
