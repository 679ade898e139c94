# The role this node was told to have: the one word in /etc/puppet-role. A stateless node that has just booted has none.
Facter.add(:puppet_role) do
  setcode do
    file = '/etc/puppet-role'
    File.exist?(file) ? File.read(file).strip : nil
  end
end
