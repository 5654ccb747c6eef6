# What must be there before Terraform can run in CI. Applied once, by a person with rights over the account.
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  tags      = merge(var.tags, { project = var.project, stack = "bootstrap", managed-by = "terraform" })
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  bucket    = coalesce(var.state_bucket, "${var.project}-state-${local.account}")
}

resource "aws_s3_bucket" "state" {
  #checkov:skip=CKV_AWS_18:The states are read by two roles; who did so is in CloudTrail
  #checkov:skip=CKV_AWS_144:The state can be imported again; the versions guard against mistakes
  #checkov:skip=CKV_AWS_145:AES256 is encryption at rest; a customer-managed key adds a way to lose the state
  #checkov:skip=CKV2_AWS_62:Nothing waits for a state to change
  bucket = local.bucket

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.id

  versioning_configuration {
    status = "Enabled"
  }
}

# An old version is the way back for 90 days. Each lock leaves a version and a delete marker, which go too.
resource "aws_s3_bucket_lifecycle_configuration" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 90
    }

    expiration {
      expired_object_delete_marker = true
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.state]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "state" {
  bucket = aws_s3_bucket.state.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "state" {
  bucket = aws_s3_bucket.state.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:${local.partition}:s3:::${local.bucket}", "arn:${local.partition}:s3:::${local.bucket}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  depends_on = [aws_s3_bucket_public_access_block.state]
}

# GitHub's OIDC provider belongs to the account: tenants share it, and it is neither made nor destroyed here.
# AWS checks GitHub's certificate by its own list of authorities; thumbprints count no more.
data "aws_iam_openid_connect_provider" "github" {
  arn = local.arn.provider

  lifecycle {
    postcondition {
      condition = length(setsubtract(local.audiences, self.client_id_list)) == 0
      error_message = join("\n", concat(
        [join(" ", [
          "GitHub's OIDC provider of this account refuses tokens for",
          "${join(" and ", setsubtract(local.audiences, self.client_id_list))}. Add the audience, then plan again:",
        ])],
        [for audience in sort(setsubtract(local.audiences, self.client_id_list)) : join(" ", [
          "  aws iam add-client-id-to-open-id-connect-provider",
          "--open-id-connect-provider-arn ${local.arn.provider}",
          "--client-id ${audience}",
        ])],
      ))
    }
  }
}

# Earlier versions made the provider: their states forget it, and it stays.
removed {
  from = aws_iam_openid_connect_provider.github

  lifecycle {
    destroy = false
  }
}
