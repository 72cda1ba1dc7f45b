# A machine for the central Grafana and Prometheus. Nobody reaches it until a network is let in: see access.tf.
# No password passes through Terraform, so none is in its state: the machine makes its own at its first start. The
# provider reads its token from the environment: LINODE_TOKEN.

terraform {
  required_version = ">= 1.6"
  required_providers {
    linode = {
      source  = "linode/linode"
      version = "~> 2.31"
    }
  }
}

resource "linode_firewall" "monitoring" {
  label           = "ragmeter-monitoring"
  inbound_policy  = "DROP"
  outbound_policy = "ACCEPT"

  dynamic "inbound" {
    for_each = local.admitted
    content {
      label    = inbound.key
      action   = "ACCEPT"
      protocol = "TCP"
      ports    = tostring(inbound.value.port)
      ipv4     = [inbound.value.network]
    }
  }
}

resource "linode_instance" "monitoring" {
  label           = "ragmeter-monitoring"
  region          = var.region
  type            = var.instance_type
  image           = "linode/ubuntu24.04"
  firewall_id     = linode_firewall.monitoring.id
  disk_encryption = "enabled"
  # Without root_pass a random password is set and stored nowhere; cloud-init forbids to log in with one.
  authorized_keys = var.ssh_public_keys

  metadata {
    user_data = base64encode(local.cloud_init)
  }
}

output "address" {
  description = "Where Grafana is, once the files are there and the service is started."
  value       = one(linode_instance.monitoring.ipv4)
}
